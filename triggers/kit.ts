/** What authors of triggers compose, in a repository of their own. */
export { Type } from 'typebox';
export { clearDiskTrigger } from './clear-disk.ts';
export { drainNodeTrigger } from './drain-node.ts';
export { killBlockersTrigger } from './kill-blockers.ts';
export { patchFleetTrigger } from './patch-fleet.ts';
export { restartServiceTrigger } from './restart-service.ts';
export type { ScheduleDefinition } from './schedules/schedule-definition.ts';
export {
  type During,
  type Match,
  type OnFailure,
  type Trigger,
  type TriggerDefinition,
  type WhenLate,
  triggersFor,
} from './define-trigger.ts';
export type { Alert, AlertStatus } from './events/alert.ts';
export type { CloudEvent, EventOf } from './events/cloud-event.ts';
export { type EventType, alertType, eventType } from './events/event-type.ts';
export type { Mode } from './mode.ts';
export type { Rejection, Source, SourceRequest, SourceResult } from './sources/source.ts';
export type { Steps } from './events/steps.ts';
