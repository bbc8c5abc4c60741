/** Whether an event is too old to act on: waited too long, or older than what ended its episode. */
import ms from 'ms';
import type { Alert } from '../events/alert.ts';
import type { Trigger } from '../define-trigger.ts';
import { maxEventAgeMs } from '../match/evaluate.ts';
import { isOlder } from './order.ts';
import type { PlanInput } from './planner.ts';

/** A sentence when the event is too old for this trigger, else null. */
export function staleness(input: PlanInput, trigger: Trigger, occurredMs: number | null = null): string | null {
  if (input.handledAt === null) return null;
  const since = Math.min(input.position.storedAt, occurredMs ?? input.position.storedAt);
  const ageMs = input.handledAt - since;
  const limitMs = maxEventAgeMs(trigger);
  return ageMs > limitMs ? `${ms(ageMs)} old, at most ${ms(limitMs)} allowed` : null;
}

/** Null for what is no instant. */
export function instantMs(instant: string | null): number | null {
  const value = instant === null ? Number.NaN : Date.parse(instant);
  return Number.isNaN(value) ? null : value;
}

/** Older than the last resolve, or so soon after it that it is more likely late than new. */
export function isSuperseded({ episode, asOf, reorderBoundMs }: PlanInput, alert: Alert): boolean {
  const resolve = episode?.lastResolve;
  if (resolve === null || resolve === undefined) return false;
  if (isOlder(asOf, resolve.by)) return true;
  const soon = episode?.status === 'closed' && asOf.storedAt - resolve.by.storedAt < reorderBoundMs;
  if (!soon) return false;
  const started = instantMs(alert.time.started ?? alert.time.occurred);
  return started === null || resolve.evidenceMs === null || started <= resolve.evidenceMs;
}
