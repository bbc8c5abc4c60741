/** Front door of an installation whose runbooks fail on purpose, so that what they did is undone. */
export { takeAllOut } from './take-all-out.ts';
