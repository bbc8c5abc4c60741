/** What the trigger process finds and a human should know, in words: a run that did not complete, an event that could not be handled. */
import type { RunNotice, Tell } from '../../activities/tell.ts';
import type { Disposition, EventRecord, RunRecord } from '../../triggers/path/disposition.ts';
import { runLink } from '../run-link.ts';
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

/** What a run itself tells. `uiUrl`: of the Temporal UI, null when it is not known. */
export function runNotice(
  { about, severity, title, text }: RunNotice,
  { namespace, workflowId, runId }: Parameters<Tell>[1],
  uiUrl: string | null,
): Notice {
  return {
    key: `run/${workflowId}/${about}`,
    severity,
    title,
    text: `${text}\nrun: ${workflowId}`,
    link: uiUrl === null ? null : runLink(uiUrl, namespace, workflowId, runId),
    at: Date.now(),
  };
}

/** One notice for each trigger that could not handle the event; none for a record of an event that was handled. */
export const deadLetterNotices = (region: string, record: EventRecord): Notice[] =>
  record.dispositions.flatMap((disposition) =>
    disposition.kind === 'dead' ? [deadLetterNotice(region, record, disposition)] : [],
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
