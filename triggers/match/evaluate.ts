/**
 * Does this trigger want this event? Pure; the planner decides with it, and `explain` asks it again to say why not.
 */
import ms from 'ms';
import { compileCheck } from '../events/check.ts';
import type { EventOf } from '../events/cloud-event.ts';
import type { Trigger } from '../define-trigger.ts';
import type { Alert } from '../events/alert.ts';

export type Evaluation =
  | { readonly kind: 'filtered'; readonly why: string }
  | { readonly kind: 'dead'; readonly reason: 'schema' | 'when-threw' | 'input-threw'; readonly message: string }
  | {
      readonly kind: 'matched';
      readonly input: unknown;
      readonly service: string | null;
      /** Set when the trigger names the region itself. */
      readonly region: string | null;
    };

const checks = new WeakMap<Trigger, ReturnType<typeof compileCheck>>();

export function evaluate(trigger: Trigger, event: EventOf<unknown>): Evaluation {
  if (event.type !== trigger.on.type) return { kind: 'filtered', why: `type is ${event.type}, not ${trigger.on.type}` };
  const name = trigger.on.alertName;
  if (name !== null && (event.data as Alert).name !== name) {
    return {
      kind: 'filtered',
      why: `alert is ${JSON.stringify((event.data as Alert).name)}, not ${JSON.stringify(name)}`,
    };
  }
  const mismatch = firstMismatch(trigger.match, event.data, '');
  if (mismatch !== null) return { kind: 'filtered', why: mismatch };
  const problem = checkOf(trigger)(name === null ? event.data : (event.data as Alert).labels);
  if (problem !== null) return { kind: 'dead', reason: 'schema', message: problem };
  return ask(trigger, event);
}

function ask(trigger: Trigger, event: EventOf<unknown>): Evaluation {
  try {
    if (trigger.when !== undefined && !trigger.when(event)) return { kind: 'filtered', why: '`when` said no' };
  } catch (error) {
    return { kind: 'dead', reason: 'when-threw', message: text(error) };
  }
  try {
    const input = trigger.input(event);
    return {
      kind: 'matched',
      input,
      service: trigger.service?.(event) ?? null,
      region: trigger.region?.(event) ?? null,
    };
  } catch (error) {
    return { kind: 'dead', reason: 'input-threw', message: text(error) };
  }
}

/** First place where the data differs from the exact values asked for; null when all hold. */
function firstMismatch(wanted: unknown, actual: unknown, place: string): string | null {
  if (wanted === undefined) return null;
  if (typeof wanted !== 'object' || wanted === null) {
    return wanted === actual ? null : `${place} is ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`;
  }
  if (typeof actual !== 'object' || actual === null) return `${place} is ${JSON.stringify(actual)}, expected an object`;
  for (const [key, value] of Object.entries(wanted)) {
    const mismatch = firstMismatch(
      value,
      Object.hasOwn(actual, key) ? (actual as Record<string, unknown>)[key] : undefined,
      `${place}/${key}`,
    );
    if (mismatch !== null) return mismatch;
  }
  return null;
}

function checkOf(trigger: Trigger): (data: unknown) => string | null {
  let check = checks.get(trigger);
  if (check === undefined) checks.set(trigger, (check = compileCheck(trigger.on.checked)));
  const found = check;
  return (data) => {
    const problems = found(data);
    const first = problems[0];
    return first === undefined ? null : `${first.place}: ${first.message}`;
  };
}

export const DEFAULT_MAX_EVENT_AGE_MS = ms('2h');
const DEFAULT_MAX_QUEUE_AGE_MS = ms('15m');
export const maxEventAgeMs = (trigger: Trigger): number =>
  trigger.maxEventAge === undefined ? DEFAULT_MAX_EVENT_AGE_MS : ms(trigger.maxEventAge);

/** Only an alert can have changed meanwhile; for any other event waiting counts only where its trigger says so. */
export function maxQueueAgeMs(trigger: Trigger, alert: boolean): number {
  if (trigger.maxQueueAge !== undefined) return ms(trigger.maxQueueAge);
  return alert ? DEFAULT_MAX_QUEUE_AGE_MS : Infinity;
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
