/** FRONT DOOR 1: the runbooks. The name of each export is its workflow type; keep it stable. */
export { clearDisk } from './clear-disk.ts';
export { drainNode } from './drain-node.ts';
export { killBlockers } from './kill-blockers.ts';
export { patchFleet } from './patch-fleet.ts';
export { patchWave } from './patch-wave.ts';
export { restartService } from './restart-service.ts';
