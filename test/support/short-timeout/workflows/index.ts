/** Front door of an installation whose runs may last half a minute. */
export { restartService } from '../../../../workflows/restart-service.ts';
