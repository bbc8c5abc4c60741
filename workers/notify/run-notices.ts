/** What the ledger and the dead letters hold and a human should know, in words. */
import type { EventRecord, RunOutcome, RunRecord } from '../../triggers/path/disposition.ts';
import type { StoredDeadLetter } from '../../triggers/path/ports.ts';
import { LIMIT_WORKFLOW } from '../../workflows/engine/limit-protocol.ts';
import { SCHEDULE_FIRED } from '../../workflows/kit/run-context.ts';
import type { Notice } from './channel.ts';

const TOLD: ReadonlySet<RunOutcome> = new Set(['failed', 'terminated', 'timed-out', 'stuck']);

interface Advice {
  readonly means: string;
  readonly next: string;
}

const SEE_LOG = 'the log of the runbook workers says why; repair that, and it goes on by itself';

/** Tocsin's own workflows, by type: no event explains them. */
const ENGINE_ADVICE: Readonly<Record<string, { readonly over: Advice; readonly stuck: Advice }>> = {
  [LIMIT_WORKFLOW]: {
    over: {
      means:
        'the next request starts the limit anew, and it asks this one who holds; when that cannot be found out, no step under it begins for 15 minutes',
      next: 'nothing, if somebody terminated it on purpose; otherwise `tocsin limits` and the log of the runbook workers',
    },
    stuck: { means: 'no step under this limit can begin', next: SEE_LOG },
  },
  [SCHEDULE_FIRED]: {
    over: {
      means: 'the event of this instant of the schedule may not have been published, so that nothing ran for it',
      next: '`tocsin tail` shows whether it was; if not, `tocsin schedule backfill` for this instant',
    },
    stuck: { means: 'the event of this instant of the schedule waits', next: SEE_LOG },
  },
};

/** Null for a run that ended as somebody wanted. `link`: where the run can be seen. */
export const runNotice = (region: string, record: RunRecord, link: string | null): Notice | null =>
  TOLD.has(record.outcome) ? failedRunNotice(region, record, link) : null;

function failedRunNotice(region: string, record: RunRecord, link: string | null): Notice {
  const { workflowId, runId, workflowType = '', trigger, outcome, detail, recordedAt } = record;
  const own = ENGINE_ADVICE[workflowType]?.[outcome === 'stuck' ? 'stuck' : 'over'];
  return {
    key: `run/${workflowId}/${outcome}`,
    // Somebody terminated it, so somebody knows.
    severity: outcome === 'terminated' ? 'warning' : 'critical',
    title: `${region}: run ${workflowId} ${outcome === 'stuck' ? 'is stuck' : outcome}`,
    text: lines({
      reason: detail,
      trigger,
      run: runId,
      ...(own ?? { explain: `tocsin explain '${workflowId}'` }),
    }),
    link,
    at: Date.parse(recordedAt),
  };
}

/** One notice for each trigger that was held back from a loop. */
export const loopNotices = (region: string, { event, position, dispositions, recordedAt }: EventRecord): Notice[] =>
  dispositions.flatMap((disposition) =>
    disposition.kind === 'held' && disposition.reason === 'loop'
      ? [
          {
            key: `loop/${region}/${disposition.trigger}/${event.alertKey ?? event.id}`,
            severity: 'critical',
            title: `${region}: loop, trigger ${disposition.trigger} is parked`,
            text: lines({
              reason: disposition.detail,
              event: event.id,
              alert: event.alertKey,
              release: `tocsin held release ${region}/${position.sequence}`,
            }),
            link: null,
            at: Date.parse(recordedAt),
          },
        ]
      : [],
  );

const LATE_WORDS: Readonly<Record<string, string>> = {
  stale: 'an event was too old to act on unseen',
  folded: 'events of a backlog were folded to the last word about each alert',
};

/** One notice for each trigger and kind of lateness; the notifier counts how many events it stands for. */
export const lateNotices = (region: string, { event, dispositions, recordedAt }: EventRecord): Notice[] =>
  dispositions.flatMap((disposition) => {
    const { trigger, kind } = disposition;
    const words = kind === 'held' || kind === 'ignored' ? LATE_WORDS[disposition.reason] : undefined;
    if (words === undefined || !('reason' in disposition)) return [];
    return [
      {
        key: `late/${region}/${trigger}/${kind}/${disposition.reason}`,
        severity: 'warning',
        title: `${region}: trigger ${trigger}: ${words}`,
        text: lines({
          reason: 'detail' in disposition ? (disposition.detail ?? null) : null,
          event: event.id,
          alert: event.alertKey,
          look: kind === 'held' ? 'tocsin held list' : `tocsin explain '${event.alertKey ?? event.id}'`,
        }),
        link: null,
        at: Date.parse(recordedAt),
      },
    ];
  });

export function deadLetterNotice(region: string, letter: StoredDeadLetter): Notice {
  const { trigger, reason, message, original, id, storedAt } = letter;
  return {
    key: `dead/${region}/${reason}/${trigger}`,
    severity: 'warning',
    title: `${region}: dead letter, ${trigger === '' ? 'an event' : `trigger ${trigger}`} (${reason})`,
    text: lines({
      reason: message,
      subject: original.subject,
      position: `${original.stream}/${original.sequence}`,
      look: `tocsin dead-letters show ${region}/${id}`,
    }),
    link: null,
    at: storedAt,
  };
}

const lines = (facts: Readonly<Record<string, string | null>>): string =>
  Object.entries(facts)
    .flatMap(([name, value]) => (value === null || value === '' ? [] : [`${name}: ${value}`]))
    .join('\n');
