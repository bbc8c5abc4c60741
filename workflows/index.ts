/** FRONT DOOR 1: the runbooks. The name of each export is its workflow type; keep it stable. */
export { drainNode } from './drain-node.ts';
export { restartService } from './restart-service.ts';
