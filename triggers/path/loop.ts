/**
 * Does a run seem to have caused the event that would start another? Judged by lineage the event carries itself, else by trigger, service,
 * labels and time. Pure. A chain of runs is cut before its fourth effect; what is cut waits for an operator.
 */
import type { Lineage } from '../../workflows/kit/run-context.ts';
import type { Alert } from '../events/alert.ts';
import type { EventOf } from '../events/cloud-event.ts';

/** A run that was started lately, in whatever region. */
export interface RecentRun {
  readonly workflowId: string;
  readonly trigger: string;
  readonly region: string;
  readonly service: string | null;
  readonly alertKey: string | null;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** How many runs are behind it in its chain. */
  readonly depth: number;
}

export interface Candidate {
  readonly event: EventOf<unknown>;
  /** Null for an event that is its own episode: only lineage of its own is believed then, because schedules repeat by right. */
  readonly alert: Alert | null;
  readonly storedAt: number;
  readonly trigger: string;
  readonly region: string;
  readonly service: string | null;
}

/** Runs of one chain at most. */
export const MAX_CHAIN = 3;
/** Extension attributes of an event that names its cause: workflow id, and how many runs are behind the event. */
export const CAUSED_BY = 'causedby';
export const CAUSE_DEPTH = 'causedepth';
const MAX_ID = 1_000;

/** Null when nothing speaks for a cause. `recent`: runs within the time in which one may be the cause. */
export function lineageOf(candidate: Candidate, recent: readonly RecentRun[]): Lineage | null {
  const earlier = recent.filter(({ startedAt }) => startedAt < candidate.storedAt);
  const found = [named(candidate, earlier), ...(candidate.alert === null ? [] : implied(candidate, earlier))];
  return found
    .filter((each) => each !== null)
    .reduce<Lineage | null>((deepest, each) => (deepest === null || each.depth > deepest.depth ? each : deepest), null);
}

export const isLoop = (lineage: Lineage | null): lineage is Lineage => lineage !== null && lineage.depth >= MAX_CHAIN;

export const describeLoop = ({ causedBy, depth }: Lineage): string =>
  `seems to be caused by ${causedBy}, the last of ${depth} runs in a row; an operator may release it`;

/** What the event says of itself: exact, also across regions. */
function named({ event }: Candidate, recent: readonly RecentRun[]): Lineage | null {
  const { [CAUSED_BY]: id, [CAUSE_DEPTH]: said } = event as unknown as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID) return null;
  const cause = recent.find(({ workflowId }) => workflowId === id);
  // In binary mode an attribute is text.
  const depth = Number(said);
  return {
    causedBy: id,
    depth: Math.max(Number.isInteger(depth) && depth > 0 ? depth : 1, (cause?.depth ?? 0) + 1),
  };
}

function implied(candidate: Candidate, recent: readonly RecentRun[]): (Lineage | null)[] {
  const again = newest(recent, (run) => isSameTarget(run, candidate));
  const mentioned = newest(recent, (run) => isMentioned(run, candidate));
  return [after(again), after(mentioned), again === null ? null : alternation(again, candidate, recent)];
}

const after = (run: RecentRun | null): Lineage | null =>
  run === null ? null : { causedBy: run.workflowId, depth: run.depth + 1 };

/** The trigger has acted for this alert, or for this service before the alert began. */
function isSameTarget(run: RecentRun, candidate: Candidate): boolean {
  if (run.trigger !== candidate.trigger || run.region !== candidate.region) return false;
  if (run.alertKey !== null && run.alertKey === candidate.alert?.alertKey) return true;
  return run.service !== null && run.service === candidate.service && beganAfter(candidate, run);
}

/** A label of the alert names the service that was acted on, as `upstream=database` does. */
function isMentioned(run: RecentRun, candidate: Candidate): boolean {
  const { service } = run;
  if (service === null || service === candidate.service || !beganAfter(candidate, run)) return false;
  return Object.values(candidate.alert?.labels ?? {}).includes(service);
}

/** A, B, A, and now B again, with nothing in common but the time: two runbooks that cause each other's alert. */
function alternation(before: RecentRun, candidate: Candidate, recent: readonly RecentRun[]): Lineage | null {
  const between = newest(
    recent,
    (run) =>
      run.startedAt > before.startedAt &&
      beganAfter(candidate, run) &&
      !isAlike(run, before) &&
      recent.some((first) => first.startedAt < before.startedAt && isAlike(first, run)),
  );
  return between === null ? null : { causedBy: between.workflowId, depth: Math.max(between.depth + 1, MAX_CHAIN) };
}

const isAlike = (one: RecentRun, other: RecentRun): boolean =>
  one.trigger === other.trigger &&
  one.region === other.region &&
  (one.service === null ? one.alertKey === other.alertKey : one.service === other.service);

/** By the sender's own time: alerts of one outage, sent one after another, have not caused each other's runs. */
function beganAfter({ alert }: Candidate, run: RecentRun): boolean {
  const began = Date.parse(alert?.time.started ?? alert?.time.occurred ?? '');
  return began > run.startedAt;
}

const newest = (runs: readonly RecentRun[], wanted: (run: RecentRun) => boolean): RecentRun | null =>
  runs.reduce<RecentRun | null>(
    (found, run) => (wanted(run) && (found === null || run.startedAt > found.startedAt) ? run : found),
    null,
  );
