/** Front door of an installation whose runbooks have mistakes in their code. */
export { breaksFirst } from './breaks-first.ts';
export { breaksOff } from './breaks-off.ts';
