/** The history of a run as its steps: what was done when, how often it was tried, how it ended. Pure; made from history events. */
import type { AnswerPayload } from '../workflows/kit/approval-message.ts';
import { type HistoryEvent, failureText, payloadText, payloadValue } from './history-text.ts';

export interface TimelineEntry {
  /** When it began, RFC 3339, UTC. */
  readonly at: string;
  readonly kind: 'step' | 'wait' | 'signal' | 'update' | 'cancel' | 'end';
  readonly title: string;
  /** Name of the activity that a step calls; null for a run within the run, and for all else. */
  readonly activity: string | null;
  /** Workflow id of a run within the run; null for all else. */
  readonly run: string | null;
  readonly outcome: 'open' | 'ok' | 'failed' | 'canceled' | 'note';
  /** Result or reason, shortened. */
  readonly detail: string;
  /** The attempt that ended it; 1 for what was not tried again. */
  readonly attempt: number;
  /** From begin to end, ms; null while it is open. */
  readonly tookMs: number | null;
}

export interface Timeline {
  readonly input: unknown;
  readonly entries: readonly TimelineEntry[];
}

export function timelineOf(events: readonly HistoryEvent[]): Timeline {
  const entries = new Map<string, TimelineEntry>();
  const attempts = new Map<string, number>();
  let input: unknown;
  for (const event of events) {
    const started = event.workflowExecutionStartedEventAttributes;
    if (started) input = payloadValue(started.input?.payloads?.[0]);
    const running = event.activityTaskStartedEventAttributes;
    if (running) attempts.set(String(running.scheduledEventId), running.attempt ?? 1);
    const begun = beginOf(event);
    if (begun !== null) entries.set(String(event.eventId), begun);
    const ended = endOf(event);
    const entry = ended === null ? undefined : entries.get(ended.of);
    if (ended === null || entry === undefined) continue;
    const { of, outcome, detail } = ended;
    entries.set(of, {
      ...entry,
      outcome,
      detail,
      attempt: attempts.get(of) ?? 1,
      tookMs: msOf(event) - Date.parse(entry.at),
    });
  }
  return { input, entries: [...entries.values()] };
}

/** What stands in the timeline by itself, or begins what a later event ends. */
function beginOf(event: HistoryEvent): TimelineEntry | null {
  const summary = payloadText(event.userMetadata?.summary);
  const activity = event.activityTaskScheduledEventAttributes;
  if (activity) {
    const name = activity.activityType?.name ?? null;
    return { ...open(event, 'step', summary || (name ?? 'step')), activity: name };
  }
  const timer = event.timerStartedEventAttributes;
  if (timer) return open(event, 'wait', summary || `${Number(timer.startToFireTimeout?.seconds ?? 0)} s`);
  const child = event.startChildWorkflowExecutionInitiatedEventAttributes;
  if (child)
    return { ...open(event, 'step', summary || `run ${child.workflowId ?? ''}`), run: child.workflowId ?? null };
  const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
  if (update)
    return open(event, 'update', updateTitle(update.input?.name ?? 'update', update.input?.args?.payloads?.[0]));
  const signal = event.workflowExecutionSignaledEventAttributes;
  if (signal) return note(event, 'signal', signal.signalName ?? 'signal', '');
  const cancel = event.workflowExecutionCancelRequestedEventAttributes;
  if (cancel) return note(event, 'cancel', 'cancellation requested', cancel.cause ?? '');
  return runEnd(event);
}

/** Whoever answers says who it is; that counts only if the update was accepted, which is its result. */
function updateTitle(name: string, argument: Parameters<typeof payloadValue>[0]): string {
  const signed = payloadValue(argument);
  if (typeof signed !== 'object' || signed === null || !('payload' in signed)) return name;
  const said = payloadValue({ data: Buffer.from(String(signed.payload)) });
  if (typeof said !== 'object' || said === null) return name;
  const { decision = name, person = '?', reason = '' } = said as Partial<Record<keyof AnswerPayload, unknown>>;
  return `${String(decision)} by ${String(person)}${reason === '' ? '' : `: ${String(reason)}`}`.slice(0, MAX_TITLE);
}

const MAX_TITLE = 300;

interface Ended {
  /** Id of the event that began it. */
  readonly of: string;
  readonly outcome: TimelineEntry['outcome'];
  readonly detail: string;
}

function endOf(event: HistoryEvent): Ended | null {
  const done = event.activityTaskCompletedEventAttributes;
  if (done)
    return { of: String(done.scheduledEventId), outcome: 'ok', detail: payloadText(done.result?.payloads?.[0]) };
  const failed = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
  if (failed) return { of: String(failed.scheduledEventId), outcome: 'failed', detail: failureText(failed.failure) };
  const canceled = event.activityTaskCanceledEventAttributes;
  if (canceled) return { of: String(canceled.scheduledEventId), outcome: 'canceled', detail: '' };
  const fired = event.timerFiredEventAttributes;
  if (fired) return { of: String(fired.startedEventId), outcome: 'ok', detail: '' };
  const stopped = event.timerCanceledEventAttributes;
  if (stopped) return { of: String(stopped.startedEventId), outcome: 'canceled', detail: '' };
  const child = childEnd(event);
  if (child !== null) return child;
  const update = event.workflowExecutionUpdateCompletedEventAttributes;
  if (!update) return null;
  const failure = failureText(update.outcome?.failure);
  return {
    of: String(update.acceptedEventId),
    outcome: update.outcome?.failure ? 'failed' : 'ok',
    detail: failure || payloadText(update.outcome?.success?.payloads?.[0]),
  };
}

function childEnd(event: HistoryEvent): Ended | null {
  const done = event.childWorkflowExecutionCompletedEventAttributes;
  if (done)
    return { of: String(done.initiatedEventId), outcome: 'ok', detail: payloadText(done.result?.payloads?.[0]) };
  const failed = event.childWorkflowExecutionFailedEventAttributes;
  if (failed) return { of: String(failed.initiatedEventId), outcome: 'failed', detail: failureText(failed.failure) };
  const other =
    event.childWorkflowExecutionTimedOutEventAttributes ??
    event.childWorkflowExecutionTerminatedEventAttributes ??
    event.childWorkflowExecutionCanceledEventAttributes;
  return other ? { of: String(other.initiatedEventId), outcome: 'canceled', detail: '' } : null;
}

function runEnd(event: HistoryEvent): TimelineEntry | null {
  const completed = event.workflowExecutionCompletedEventAttributes;
  if (completed)
    return { ...note(event, 'end', 'completed', payloadText(completed.result?.payloads?.[0])), outcome: 'ok' };
  const failed = event.workflowExecutionFailedEventAttributes;
  if (failed) return { ...note(event, 'end', 'failed', failureText(failed.failure)), outcome: 'failed' };
  const terminated = event.workflowExecutionTerminatedEventAttributes;
  if (terminated) return { ...note(event, 'end', 'terminated', terminated.reason ?? ''), outcome: 'failed' };
  if (event.workflowExecutionTimedOutEventAttributes)
    return { ...note(event, 'end', 'timed out', 'its execution time-out is over'), outcome: 'failed' };
  if (event.workflowExecutionCanceledEventAttributes)
    return { ...note(event, 'end', 'canceled', ''), outcome: 'canceled' };
  return event.workflowExecutionContinuedAsNewEventAttributes
    ? note(event, 'end', 'goes on in a new history', '')
    : null;
}

const open = (event: HistoryEvent, kind: TimelineEntry['kind'], title: string): TimelineEntry => ({
  at: new Date(msOf(event)).toISOString(),
  kind,
  title,
  activity: null,
  run: null,
  outcome: 'open',
  detail: '',
  attempt: 1,
  tookMs: null,
});

const note = (event: HistoryEvent, kind: TimelineEntry['kind'], title: string, detail: string): TimelineEntry => ({
  ...open(event, kind, title),
  outcome: 'note',
  detail,
});

const msOf = ({ eventTime }: HistoryEvent): number =>
  Number(eventTime?.seconds ?? 0) * 1_000 + Math.floor((eventTime?.nanos ?? 0) / 1e6);
