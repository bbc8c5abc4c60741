/**
 * Whether an event comes too late to act on, and whether its clock can be believed. Pure. What waited here too long counts only if it is
 * still the last word about its alert; what happened too long ago cannot be verified from here, so its source is asked (`stale-check.ts`), or
 * a human decides about it.
 */
import ms from 'ms';
import { ALERT_FIRING, type Alert } from '../events/alert.ts';
import type { EventOf } from '../events/cloud-event.ts';
import type { Trigger } from '../define-trigger.ts';
import { maxEventAgeMs, maxQueueAgeMs } from '../match/evaluate.ts';
import type { Disposition, Position } from './disposition.ts';
import { isOlder } from './order.ts';
import type { Later, PlanInput } from './plan.ts';

export type Lateness =
  | { readonly kind: 'in-time' }
  /** It waited too long, and is still the last word about its alert: act, at the pace of a backlog. */
  | { readonly kind: 'late' }
  /** What is stored behind it decides instead. */
  | { readonly kind: 'folded'; readonly detail: string }
  | {
      readonly kind: 'stale';
      readonly detail: string;
      /** Kept until its source, or a human, has verified it. */ readonly held: boolean;
    }
  /** Its source says that it fires no more. */
  | { readonly kind: 'over'; readonly detail: string };

export const IN_TIME: Lateness = { kind: 'in-time' };

export function lateness(input: PlanInput, trigger: Trigger): Lateness {
  const { asked = null } = input;
  if (asked?.says === 'over') return { kind: 'over', detail: asked.why };
  if (asked?.says === 'unknown') return { kind: 'stale', detail: `${asked.why}; a human decides`, held: true };
  if (input.handledAt === null) return IN_TIME;
  const alert = input.event.type === ALERT_FIRING;
  const policy = trigger.whenLate ?? (alert ? 'verify' : 'drop');
  const { storedAt } = input.position;
  const waitedMs = input.handledAt - storedAt;
  const late = waitedMs > maxQueueAgeMs(trigger, alert);
  if (policy === 'run') return late ? { kind: 'late' } : IN_TIME;
  if (late && input.later) return { kind: 'folded', detail: foldedInto(input.later, waitedMs) };
  const stale = (detail: string): Lateness => ({ kind: 'stale', detail, held: policy === 'verify' });
  const ageMs = input.handledAt - Math.min(storedAt, happenedMs(input.event) ?? storedAt);
  const limitMs = maxEventAgeMs(trigger);
  if (ageMs > limitMs) return stale(`${ms(ageMs)} old, at most ${ms(limitMs)} allowed`);
  if (!late) return IN_TIME;
  const waited = `waited ${ms(waitedMs)}, at most ${ms(maxQueueAgeMs(trigger, alert))} allowed`;
  return alert && policy === 'verify' ? { kind: 'late' } : stale(waited);
}

/** Null: it is not too late. */
export function tooLateFor({ id, run }: Trigger, late: Lateness): Disposition | null {
  if (late.kind === 'folded') return { trigger: id, kind: 'ignored', reason: 'folded', detail: late.detail };
  if (late.kind === 'over') return { trigger: id, kind: 'ignored', reason: 'over', detail: late.detail };
  if (late.kind !== 'stale') return null;
  if (!late.held) return { trigger: id, kind: 'ignored', reason: 'stale', detail: late.detail };
  return { trigger: id, kind: 'held', reason: 'stale', detail: `would run ${run}; ${late.detail}` };
}

const foldedInto = ({ status, position }: Later, waitedMs: number): string =>
  `waited ${ms(waitedMs)}; ${status === 'firing' ? 'a newer firing' : 'its resolve'} at ${position.sequence} decides`;

/** A firing told again counts by when it was sent, which its place in the stream says; its start is as old as the sickness. */
function happenedMs({ type, time, data }: EventOf<unknown>): number | null {
  if (type !== ALERT_FIRING) return instantMs(time ?? null);
  const { occurred, started } = (data as Alert).time;
  return occurred === started ? null : instantMs(occurred);
}

/** A sender's clock may be this far ahead of the stream's before its times are not believed. */
const MAX_AHEAD_MS = 120_000;

/** How far the event's own time lies ahead of when it was stored, ms; null when that is nothing to speak of. */
export function aheadMs(event: EventOf<unknown>, position: Position): number | null {
  const { started = null, ended = null } = event.type.startsWith('tocsin.alert.') ? (event.data as Alert).time : {};
  const latest = Math.max(...[event.time ?? null, started, ended].map((each) => instantMs(each) ?? -Infinity));
  const ahead = latest - position.storedAt;
  return ahead > MAX_AHEAD_MS ? ahead : null;
}

/** Null for what is no instant. */
export function instantMs(instant: string | null): number | null {
  const value = instant === null ? Number.NaN : Date.parse(instant);
  return Number.isNaN(value) ? null : value;
}

/** What a sender says about when, or when it was stored if its clock is ahead: else one bad clock outranks everything after it. */
export function evidenceMs(instant: string | null, { storedAt }: Position): number | null {
  const said = instantMs(instant);
  return said !== null && said > storedAt + MAX_AHEAD_MS ? storedAt : said;
}

/** Older than the last resolve, or so soon after it that it is more likely late than new. */
export function isSuperseded({ episode, asOf, reorderBoundMs }: PlanInput, alert: Alert): boolean {
  const resolve = episode?.lastResolve;
  if (resolve === null || resolve === undefined) return false;
  if (isOlder(asOf, resolve.by)) return true;
  const soon = episode?.status === 'closed' && asOf.storedAt - resolve.by.storedAt < reorderBoundMs;
  if (!soon) return false;
  const started = evidenceMs(alert.time.started ?? alert.time.occurred, asOf);
  return started === null || resolve.evidenceMs === null || started <= resolve.evidenceMs;
}
