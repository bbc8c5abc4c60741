/** Front door of an installation whose fleet is patched within seconds instead of nights. */
export { patchFleet } from './patch-fleet.ts';
export { patchWave } from '../../../../workflows/patch-wave.ts';
