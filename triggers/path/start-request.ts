/** What the engine is asked for a planned start: the runbook, its input, its bound, and what the run will know about why it exists. */
import ms from 'ms';
import { APPROVAL_ALLOWANCE_MS, type RunContext } from '../../workflows/kit/run-context.ts';
import type { Alert } from '../events/alert.ts';
import type { Decoded } from './decode.ts';
import type { Position } from './disposition.ts';
import type { PlannedStart } from './plan.ts';
import type { StartRequest } from './ports.ts';

const DEFAULT_EXECUTION_TIMEOUT = '1h';
/** Larger ones would be repeated in each step's header; without them a stop of a label counts as covering the run. */
const MAX_LABELS_BYTES = 4_096;
const MAX_LINK_CHARS = 1_000;

export function startRequest(
  decoded: Extract<Decoded, { ok: true }>,
  position: Position,
  start: PlannedStart,
): StartRequest {
  const { trigger, workflowId, mode } = start;
  const boundMs = ms(trigger.executionTimeout ?? DEFAULT_EXECUTION_TIMEOUT);
  return {
    workflowId,
    workflowType: trigger.run,
    input: start.input,
    context: contextOf(decoded, position, start),
    executionTimeoutMs: boundMs + (mode === 'approve' ? APPROVAL_ALLOWANCE_MS : 0),
    summary: `${mode === 'plan' ? 'plan of ' : ''}${trigger.run} for ${decoded.alert?.title ?? decoded.event.type}`,
  };
}

function contextOf(
  { event, alert }: Extract<Decoded, { ok: true }>,
  position: Position,
  start: PlannedStart,
): RunContext {
  return {
    trigger: start.trigger.id,
    alertKey: alert?.alertKey ?? null,
    generation: start.generation,
    attempt: start.attempt,
    event: {
      id: event.id,
      type: event.type,
      source: event.source,
      stream: position.stream,
      sequence: position.sequence,
      title: alert?.title ?? event.subject ?? null,
      ...linksOf(alert),
    },
    region: start.region,
    service: start.service,
    severity: event.severitytext ?? null,
    onResolved: start.trigger.onResolved ?? 'cancel',
    mode: start.mode,
    labels: carried(alert?.labels ?? {}),
    ...(start.lineage === null ? {} : { lineage: start.lineage }),
  };
}

/** A link that is cut leads nowhere, so one that is too long is left out. */
function linksOf(alert: Alert | null): Pick<NonNullable<RunContext['event']>, 'links'> {
  const given = Object.entries(alert?.links ?? {}).flatMap(([name, link]) =>
    link === null || link.length > MAX_LINK_CHARS ? [] : [[name, link] as const],
  );
  return given.length === 0 ? {} : { links: Object.fromEntries(given) };
}

function carried(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> | null {
  return JSON.stringify(labels).length > MAX_LABELS_BYTES ? null : labels;
}
