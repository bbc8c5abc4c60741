/** Whether an event is too old to act on. */
import ms from 'ms';
import type { Trigger } from '../define-trigger.ts';
import { maxEventAgeMs } from '../match/evaluate.ts';
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
