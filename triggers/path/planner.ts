/**
 * The planner decides what becomes of one event: `(event, triggers, episode, now) -> next episode + what to do`. Pure: no I/O and no
 * clock, so that rehearsal, simulation and production run the same code. The dispatcher carries the plan out.
 */
import type { OnResolved } from '../../workflows/kit/run-context.ts';
import type { Trigger } from '../define-trigger.ts';
import { ALERT_FIRING, ALERT_RESOLVED, type Alert } from '../events/alert.ts';
import { forRun } from '../events/for-run.ts';
import { evaluate } from '../match/evaluate.ts';
import type { Disposition } from './disposition.ts';
import { emptyEpisode, openEpisode, runsOf } from './open-episode.ts';
import { isOlder, isSame } from './order.ts';
import type { Episode, TriggerDecision } from './episode.ts';
import { type Matched, type Matching, decide, permitted, startOf } from './outcome.ts';
import type { Plan, PlanInput, PlannedPlan, PlannedSignal, PlannedStart } from './plan.ts';
import { evidenceMs, isSuperseded, lateness, tooLateFor } from './staleness.ts';

/** A record that saw no change for this long is written again, so that a long episode does not expire. */
const REFRESH_MS = 30 * 86_400_000;

export function plan(input: PlanInput): Plan {
  if (input.event.type === ALERT_FIRING) return planFiring(input, input.event.data as Alert);
  if (input.event.type === ALERT_RESOLVED) return planResolved(input, input.event.data as Alert);
  return planPlain(input);
}

function planFiring(input: PlanInput, alert: Alert): Plan {
  const { episode, position, asOf } = input;
  const repeats =
    episode !== null && Object.values(episode.triggers).some(({ startedBy }) => isSame(startedBy, position));
  if (!repeats && isSuperseded(input, alert)) {
    return {
      ...NOTHING,
      effect: { effect: 'none', generation: episode?.generation ?? 0 },
      settled: supersededFor(input),
    };
  }
  const opens = episode === null || (episode.status === 'closed' && !repeats);
  const current: Episode = opens ? openEpisode(episode, alert.alertKey, asOf) : episode;
  const decisions: Record<string, TriggerDecision> = { ...current.triggers };
  const starts: PlannedStart[] = [];
  const plans: PlannedPlan[] = [];
  const settled: Disposition[] = [];
  const parked: Record<string, string> = { ...current.parked };
  for (const [trigger, evaluation] of matching(input)) {
    const outcome = decide(input, current, trigger, evaluation);
    if (outcome.kind === 'settled') {
      settled.push(outcome.disposition);
      if (isParked(outcome.disposition)) parked[trigger.id] ??= outcome.disposition.detail;
    } else if (outcome.kind === 'plan') plans.push(outcome);
    else {
      starts.push(outcome.start);
      decisions[trigger.id] = {
        workflowId: outcome.start.workflowId,
        startedBy: position,
        attempt: outcome.start.attempt,
      };
    }
  }
  const parks = Object.keys(parked).length > Object.keys(current.parked ?? {}).length;
  const changed =
    opens || parks || starts.some(({ trigger, workflowId: id }) => current.triggers[trigger.id]?.workflowId !== id);
  const write = changed || position.storedAt - current.writtenAt > REFRESH_MS;
  return {
    ...NOTHING,
    write: write
      ? { ...current, triggers: decisions, ...(parks ? { parked } : {}), writtenAt: position.storedAt }
      : null,
    effect: {
      effect: opens || (current.openedBy !== null && isSame(current.openedBy, position)) ? 'opened' : 'joined',
      generation: current.generation,
    },
    starts,
    plans,
    settled,
  };
}

const isParked = (disposition: Disposition): disposition is Extract<Disposition, { kind: 'held' }> =>
  disposition.kind === 'held' && disposition.reason === 'loop';

function planResolved(input: PlanInput, alert: Alert): Plan {
  const { asOf } = input;
  // Remembered even without an episode: its firing may still be on the way.
  const episode = input.episode ?? emptyEpisode(alert.alertKey);
  const { generation, lastResolve } = episode;
  const open = episode.status === 'open';
  if (open && episode.openedBy !== null && isOlder(asOf, episode.openedBy)) {
    // It belongs to the generation before, whose runs may not have been told yet.
    const signals = tell(input, episode.before ?? {}, generation - 1);
    return { ...NOTHING, effect: { effect: 'none', generation }, signals };
  }
  const repeats = lastResolve !== null && isSame(lastResolve.by, asOf);
  const newer = !repeats && (lastResolve === null || !isOlder(asOf, lastResolve.by));
  const resolve = { by: asOf, evidenceMs: evidenceMs(alert.time.ended ?? alert.time.occurred, asOf) };
  // Told also of an episode that was closed before: who closed it may not have reached the runs. Telling twice changes nothing.
  const signals = tell(input, runsOf(episode), generation);
  return {
    ...NOTHING,
    write: newer ? { ...episode, status: 'closed', lastResolve: resolve, writtenAt: asOf.storedAt } : null,
    effect: { effect: open || repeats ? 'closed' : 'none', generation },
    signals,
  };
}

/** Workflow ids by trigger. */
const tell = ({ triggers }: PlanInput, runs: Readonly<Record<string, string>>, generation: number): PlannedSignal[] =>
  Object.entries(runs)
    .filter(([id]) => policyOf(triggers, id) !== 'ignore')
    .map(([trigger, id]) => ({ trigger, workflowId: id, generation }));

/** An event without firing and resolved is its own episode: the workflow id and `maxEventAge` guard it, not the book. */
function planPlain(input: PlanInput): Plan {
  const { event } = input;
  const starts: PlannedStart[] = [];
  const plans: PlannedPlan[] = [];
  const settled: Disposition[] = [];
  for (const [trigger, evaluation] of matching(input)) {
    const late = lateness(input, trigger);
    const tooLate = tooLateFor(trigger, late);
    if (evaluation.kind === 'dead') {
      settled.push({ trigger: trigger.id, kind: 'dead', reason: evaluation.reason, message: evaluation.message });
    } else if (tooLate !== null) {
      settled.push(tooLate);
    } else {
      const start = startOfPlain(input, trigger, evaluation);
      const outcome = permitted(input, { ...start, late: late.kind === 'late' });
      if (outcome.kind === 'start') starts.push(outcome.start);
      else if (outcome.kind === 'plan') plans.push(outcome);
      else settled.push(outcome.disposition);
    }
  }
  return { ...NOTHING, starts, plans, settled, forRun: forRun(event) };
}

/** Nothing remembers the attempts of a plain event but the ids of its runs. */
function startOfPlain(input: PlanInput, trigger: Trigger, evaluation: Matched): PlannedStart {
  const { event, after = null } = input;
  const start = (attempt: number) => startOf(input, trigger, evaluation, `${event.source} ${event.id}`, 1, attempt);
  const isAfter = after !== null && start(after.attempt).workflowId === after.workflowId;
  return start(isAfter ? after.attempt + 1 : 1);
}

const NOTHING: Plan = { write: null, effect: null, starts: [], plans: [], signals: [], settled: [], forRun: null };

function matching({ triggers, event }: PlanInput): (readonly [Trigger, Matching])[] {
  const found: (readonly [Trigger, Matching])[] = [];
  for (const trigger of triggers) {
    const evaluation = evaluate(trigger, event);
    if (evaluation.kind !== 'filtered') found.push([trigger, evaluation]);
  }
  return found;
}

const supersededFor = (input: PlanInput): Disposition[] =>
  matching(input).map(([trigger]) => ({ trigger: trigger.id, kind: 'ignored', reason: 'superseded' }));

export const policyOf = (triggers: readonly Trigger[], id: string): OnResolved =>
  triggers.find((trigger) => trigger.id === id)?.onResolved ?? 'cancel';
