/** FRONT DOOR 2: the triggers. A runbook runs by itself only when it is named here. */
import type { Trigger } from './define-trigger.ts';
import { restartServiceTrigger } from './restart-service.ts';

export const triggers: readonly Trigger[] = [restartServiceTrigger];
