/** What comes of one trigger that matched an event: a start, a plan that is only made, or a disposition that stands at once. Pure. */
import ms from 'ms';
import { PLAN_PREFIX } from '../../workflows/kit/run-context.ts';
import type { OnFailure, Trigger } from '../define-trigger.ts';
import { ALERT_FIRING, type Alert } from '../events/alert.ts';
import type { EventOf } from '../events/cloud-event.ts';
import type { Evaluation } from '../match/evaluate.ts';
import { type Control, controlOf } from './control.ts';
import type { Disposition } from './disposition.ts';
import { NO_WINDOWS } from './during.ts';
import type { Episode, TriggerDecision } from './episode.ts';
import { lineageOf } from './loop.ts';
import { isSame } from './order.ts';
import type { PlanInput, PlannedPlan, PlannedStart } from './plan.ts';
import { IN_TIME, lateness, tooLateFor } from './staleness.ts';
import { withhold } from './withhold.ts';
import { workflowId } from './workflow-id.ts';

export type Matching = Exclude<Evaluation, { kind: 'filtered' }>;
export type Matched = Extract<Evaluation, { kind: 'matched' }>;

export type Outcome =
  | { readonly kind: 'start'; readonly start: PlannedStart }
  | ({ readonly kind: 'plan' } & PlannedPlan)
  | { readonly kind: 'settled'; readonly disposition: Disposition };

/** One trigger that matched (or threw), against what it decided earlier in this episode. */
export function decide(input: PlanInput, episode: Episode, trigger: Trigger, evaluation: Matching): Outcome {
  if (evaluation.kind === 'dead') {
    return settle({ trigger: trigger.id, kind: 'dead', reason: evaluation.reason, message: evaluation.message });
  }
  const earlier = episode.triggers[trigger.id];
  const attempt = attemptFor(earlier, input, trigger.onFailure ?? { kind: 'escalate' });
  if (attempt === null && earlier !== undefined) {
    const run = earlier.failedAt === undefined ? 'open' : 'failed';
    return settle({
      trigger: trigger.id,
      kind: 'joined',
      workflowId: earlier.workflowId,
      generation: episode.generation,
      run,
    });
  }
  const late = earlier === undefined ? lateness(input, trigger) : IN_TIME;
  const tooLate = tooLateFor(trigger, late);
  if (tooLate !== null) return settle(tooLate);
  const made = startOf(input, trigger, evaluation, episode.alertKey, episode.generation, attempt ?? 1);
  const start = { ...made, late: late.kind === 'late' };
  const repeats = earlier !== undefined && isSame(earlier.startedBy, input.position);
  // Under the id that was decided then, should the rule for ids have changed since; acting at once only if that is allowed now.
  if (repeats) {
    const mode = startMode(input.control, trigger);
    return { kind: 'start', start: { ...start, workflowId: earlier.workflowId, mode } };
  }
  return permitted(input, start, episode.parked?.[trigger.id] ?? null);
}

/** Which attempt this event starts; null when it only joins. */
function attemptFor(
  earlier: TriggerDecision | undefined,
  { position, after = null }: PlanInput,
  onFailure: OnFailure,
): number | null {
  if (earlier === undefined) return 1;
  // The same message again, after a crash: repeat the very same start. The id makes it harmless.
  if (isSame(earlier.startedBy, position)) return earlier.attempt;
  // An operator's word. Given twice it names a run that is no longer the last one.
  if (after !== null && after.workflowId === earlier.workflowId) return earlier.attempt + 1;
  if (earlier.failedAt === undefined || onFailure.kind === 'escalate') return null;
  const due = position.storedAt >= earlier.failedAt + ms(onFailure.after);
  return due && earlier.attempt < onFailure.max ? earlier.attempt + 1 : null;
}

/** Whether a trigger may start this run now, or have it planned. */
export function permitted(input: PlanInput, start: PlannedStart, parked: string | null = null): Outcome {
  const { control, event, byOperator = false } = input;
  // Another attempt of one episode is no loop, whatever it has caused.
  const lineage = start.attempt > 1 ? null : start.lineage;
  const labels = alertOf(event)?.labels ?? {};
  const kept = withhold({
    ...start,
    control,
    labels,
    lineage,
    parked,
    windowNow: input.windowNow ?? NO_WINDOWS,
    released: byOperator,
  });
  if (kept === null) return { kind: 'start', start: { ...start, mode: startMode(control, start.trigger) } };
  if (kept.kind !== 'ignored' || kept.reason !== 'observed') return settle(kept);
  const plan = `${PLAN_PREFIX}${start.workflowId}`;
  return { kind: 'plan', start: { ...start, workflowId: plan, mode: 'plan' }, disposition: { ...kept, plan } };
}

const startMode = (control: Control, trigger: Trigger): 'auto' | 'approve' =>
  controlOf(control, trigger).mode === 'auto' ? 'auto' : 'approve';

const alertOf = ({ type, data }: EventOf<unknown>): Alert | null => (type === ALERT_FIRING ? (data as Alert) : null);

const settle = (disposition: Disposition): Outcome => ({ kind: 'settled', disposition });

export function startOf(
  { event, position: { stream, storedAt }, recent = [], regionOf = (named) => named ?? '' }: PlanInput,
  trigger: Trigger,
  { input, service, region: named }: Matched,
  key: string,
  generation: number,
  attempt: number,
): PlannedStart {
  const id = workflowId({ stream, trigger: trigger.id, key, generation, attempt });
  const alert = alertOf(event);
  const region = regionOf(named ?? alert?.location.region?.value ?? null);
  const lineage = lineageOf({ event, alert, storedAt, trigger: trigger.id, region, service }, recent);
  return { trigger, workflowId: id, input, service, region, generation, attempt, mode: 'auto', late: false, lineage };
}
