/** Front door of an installation whose runs may last a minute and a half. */
export { restartService } from '../../../../workflows/restart-service.ts';
