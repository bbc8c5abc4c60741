/** Front door of an installation whose runs fail, so that what they did is undone. */
export { takeAllOut } from './take-all-out.ts';
export { takeSomeOut } from './take-some-out.ts';
export { restartService } from '../../../../workflows/restart-service.ts';
