/** What a recorded history is an example of, judged by its events; and what no history of a runbook can be an example of. */
import { APPROVE_UPDATE, DENY_UPDATE } from '../../workflows/kit/approval-message.ts';
import { RESOLVED_SIGNAL, STOPPED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { type HistoryEvent, payloadText, payloadValue } from '../../workers/history-text.ts';

export const CELLS = ['happy', 'retry', 'cancel', 'approve', 'deny', 'time-out', 'resolved early', 'undo'] as const;
export type Cell = (typeof CELLS)[number];

/** Cells that cannot be, each with its reason. */
export const CANNOT: Readonly<Record<string, Partial<Record<Cell, string>>>> = {
  clearDisk: { undo: 'what is deleted cannot be brought back: no step has an undo' },
  killBlockers: { undo: 'a session that was ended cannot be brought back: no step has an undo' },
  patchFleet: {
    retry: 'it calls no activity of its own: its waves do, and they are tried again there',
    undo: 'waves that came to their end stay; what fails is undone by its wave',
  },
};

type Events = readonly HistoryEvent[];

export const cellsOf = (events: Events): readonly Cell[] => CELLS.filter((cell) => JUDGES[cell](events));

const JUDGES: Readonly<Record<Cell, (events: Events) => boolean>> = {
  happy: (events) => acted(events) && completed(events) && !events.some(isTrouble),
  retry: (events) => completed(events) && events.some(isLaterAttempt),
  cancel: (events) =>
    events.some((event) => event.workflowExecutionCancelRequestedEventAttributes) &&
    Boolean(events.at(-1)?.workflowExecutionCanceledEventAttributes),
  approve: (events) => completed(events) && acted(events.slice(answeredAt(events, APPROVE_UPDATE, 'approved'))),
  deny: (events) => answeredAt(events, DENY_UPDATE, 'denied') < events.length && outcomeOf(events) === 'denied',
  'time-out': (events) => TIMED_OUT.has(failureTypeOf(events.at(-1))),
  'resolved early': (events) => completed(events) && events.some((event) => signalOf(event) === RESOLVED_SIGNAL),
  undo: (events) => events.some((event) => isUndo(event) && hasEndedWell(events, event)),
};

/** Failure types of runs that waited for nothing. */
const TIMED_OUT: ReadonlySet<unknown> = new Set(['ApprovalExpired', 'AnswerExpired', 'NoOpening']);

const completed = (events: Events): boolean => Boolean(events.at(-1)?.workflowExecutionCompletedEventAttributes);

const outcomeOf = (events: Events): unknown => {
  const result = payloadValue(events.at(-1)?.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0]);
  return typeof result === 'object' && result !== null && 'outcome' in result ? result.outcome : undefined;
};

/** It has done more than to look: a step of its own, or a run within it. */
const acted = (events: Events): boolean =>
  events.some((event) => {
    const name = event.activityTaskScheduledEventAttributes?.activityType?.name ?? '';
    return (name !== '' && !name.startsWith('observe')) || event.childWorkflowExecutionStartedEventAttributes;
  });

const isLaterAttempt = (event: HistoryEvent): boolean => (event.activityTaskStartedEventAttributes?.attempt ?? 1) > 1;

const signalOf = (event: HistoryEvent): unknown => event.workflowExecutionSignaledEventAttributes?.signalName;

const isTrouble = (event: HistoryEvent): boolean =>
  isLaterAttempt(event) ||
  isUndo(event) ||
  [RESOLVED_SIGNAL, STOPPED_SIGNAL].some((name) => signalOf(event) === name) ||
  Boolean(
    event.activityTaskFailedEventAttributes ??
    event.activityTaskTimedOutEventAttributes ??
    event.workflowExecutionUpdateAcceptedEventAttributes ??
    event.workflowExecutionCancelRequestedEventAttributes ??
    event.childWorkflowExecutionFailedEventAttributes,
  );

/** Index of the event by which the answer counted; past the end when there is none. */
function answeredAt(events: Events, update: string, state: string): number {
  const sent = new Set(
    events.flatMap(({ workflowExecutionUpdateAcceptedEventAttributes: accepted }) => {
      const { input, meta } = accepted?.acceptedRequest ?? {};
      return input?.name === update ? [meta?.updateId] : [];
    }),
  );
  const at = events.findIndex(({ workflowExecutionUpdateCompletedEventAttributes: done }) => {
    const answer = payloadValue(done?.outcome?.success?.payloads?.[0]) as { readonly state?: unknown } | undefined;
    return sent.has(done?.meta?.updateId) && answer?.state === state;
  });
  return at < 0 ? events.length : at;
}

function failureTypeOf(event: HistoryEvent | undefined): unknown {
  let failure = event?.workflowExecutionFailedEventAttributes?.failure;
  while (failure?.cause) failure = failure.cause;
  return failure?.applicationFailureInfo?.type;
}

const isUndo = ({ activityTaskScheduledEventAttributes: scheduled, userMetadata }: HistoryEvent): boolean =>
  Boolean(scheduled) && payloadText(userMetadata?.summary).startsWith('undo: ');

const hasEndedWell = (events: Events, { eventId }: HistoryEvent): boolean =>
  events.some(
    ({ activityTaskCompletedEventAttributes: done }) => done && String(done.scheduledEventId) === String(eventId),
  );
