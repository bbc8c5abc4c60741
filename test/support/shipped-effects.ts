/** What the shipped runbooks change: activities that are not only looks, in their order. Kill tests kill at each of them. */
import type * as runbooks from '../../workflows/index.ts';

export const SHIPPED_EFFECTS = {
  restartService: ['takeOutOfRotation', 'restartUnit', 'putBackInRotation'],
  clearDisk: ['clearByRule'],
  killBlockers: ['cancelBackend', 'terminateBackend'],
  drainNode: ['cordonNode', 'evictPods', 'uncordonNode'],
  /** Its waves act. */
  patchFleet: [],
  patchWave: ['takeOutOfRotation', 'patchService', 'restartUnit', 'putBackInRotation'],
} as const satisfies Record<keyof typeof runbooks, readonly string[]>;
