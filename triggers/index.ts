/** FRONT DOOR 2: the triggers and schedules. A runbook runs by itself only when its trigger is named here. */
import { clearDiskTrigger } from './clear-disk.ts';
import type { Trigger } from './define-trigger.ts';
import { drainNodeTrigger } from './drain-node.ts';
import { killBlockersTrigger } from './kill-blockers.ts';
import { patchFleetTrigger } from './patch-fleet.ts';
import { restartServiceTrigger } from './restart-service.ts';
import type { ScheduleDefinition } from './schedules/schedule-definition.ts';

export const triggers: readonly Trigger[] = [
  clearDiskTrigger,
  drainNodeTrigger,
  killBlockersTrigger,
  patchFleetTrigger,
  restartServiceTrigger,
];

/** Points in time that become events; more of them may stand in `tocsin.yaml`. */
export const schedules: readonly ScheduleDefinition[] = [];
