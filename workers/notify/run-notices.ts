/** What the trigger process finds and a human should know, in words: a run that did not complete, an event that could not be handled. */
import type { Disposition, EventRecord, RunRecord } from '../../triggers/path/disposition.ts';
import type { Notice } from './channel.ts';

/** `link`: where the run can be seen. */
export function failedRunNotice(region: string, record: RunRecord, link: string | null): Notice {
  const { workflowId, runId, trigger, outcome, detail, recordedAt } = record;
  return {
    key: `run/${workflowId}/${outcome}`,
    // Somebody terminated it, so somebody knows.
    severity: outcome === 'terminated' ? 'warning' : 'critical',
    title: `${region}: run ${workflowId} ${outcome === 'stuck' ? 'is stuck' : outcome}`,
    text: lines({ reason: detail, trigger, run: runId, explain: `tocsin explain '${workflowId}'` }),
    link,
    at: Date.parse(recordedAt),
  };
}

/** One notice for each trigger that could not handle the event; none for a record of an event that was handled. */
export const deadLetterNotices = (region: string, record: EventRecord): Notice[] =>
  record.dispositions.flatMap((disposition) =>
    disposition.kind === 'dead' ? [deadLetterNotice(region, record, disposition)] : [],
  );

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

function deadLetterNotice(
  region: string,
  { event, position, recordedAt }: EventRecord,
  { trigger, reason, message }: Extract<Disposition, { kind: 'dead' }>,
): Notice {
  return {
    key: `dead/${region}/${reason}/${trigger}`,
    severity: 'warning',
    title: `${region}: dead letter, ${trigger === '' ? 'an event' : `trigger ${trigger}`} (${reason})`,
    text: lines({
      reason: message,
      event: event.id,
      type: event.type,
      alert: event.alertKey,
      position: `${position.stream}/${position.sequence}`,
      look: 'tocsin dead-letters list',
    }),
    link: null,
    at: Date.parse(recordedAt),
  };
}

const lines = (facts: Readonly<Record<string, string | null>>): string =>
  Object.entries(facts)
    .flatMap(([name, value]) => (value === null || value === '' ? [] : [`${name}: ${value}`]))
    .join('\n');
