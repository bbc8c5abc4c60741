/** Log lines about one event: they name the event, the region, and the trigger and run as soon as there are any. */
import type { Logger } from 'pino';
import type { Delivery } from '../nats/port.ts';
import type { Disposition, EventRecord } from './disposition.ts';
import type { Received } from './dispatcher.ts';

/** One line per disposition: what was decided, and nothing of what the sender wrote but the id. */
export function logRecord(
  logger: Logger,
  region: string,
  { event, position, episode, dispositions }: EventRecord,
): void {
  const { stream, sequence } = position;
  const line = { eventId: event.id, region, stream, sequence, generation: episode?.generation ?? null };
  // Storms are made of these.
  if (dispositions.length === 0) logger.debug({ ...line, kind: 'filtered' }, 'event settled: no trigger wants it');
  for (const disposition of dispositions)
    logger[disposition.kind === 'dead' ? 'error' : 'info'](
      { ...line, ...fieldsOf(disposition) },
      `event settled: ${disposition.kind}`,
    );
}

function fieldsOf(disposition: Disposition) {
  const { trigger, kind } = disposition;
  if (kind === 'started') return { trigger, kind, workflowId: disposition.workflowId, runId: disposition.runId };
  if (kind === 'joined') return { trigger, kind, workflowId: disposition.workflowId, run: disposition.run };
  return { trigger, kind, reason: disposition.reason };
}

/** Of an event in hand; one that cannot be decoded is known by its position only. */
export function logFieldsOf(
  region: string,
  { delivery, decoded }: { readonly delivery: Delivery; readonly decoded?: Received['decoded'] },
) {
  const { stream, sequence } = delivery;
  return { eventId: decoded?.ok === true ? decoded.event.id : null, region, stream, sequence };
}
