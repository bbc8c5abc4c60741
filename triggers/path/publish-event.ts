/** The one way an event gets into its stream: its lane, its subject, and the id by which the server drops a copy sent again at once. */
import type { CloudEvent } from '../events/cloud-event.ts';
import { URGENT_FROM } from '../events/severity.ts';
import type { EventLog, PubAck } from '../nats/port.ts';
import { eventStream, eventSubject, shortHash } from '../nats/subject.ts';
import { encodeJson } from './json-bytes.ts';

/** `kind` of its source; `data`: what `encodeJson` makes of the event. Rejects with the errors of the events log; may be repeated. */
export function publishEvent(
  log: Pick<EventLog, 'publish'>,
  region: string,
  kind: string,
  event: CloudEvent,
  data: Uint8Array = encodeJson(event),
): Promise<PubAck> {
  const lane = (event.severitynumber ?? 0) >= URGENT_FROM ? 'urgent' : 'normal';
  return log.publish(eventSubject(region, lane, kind, event.type), data, {
    expectStream: eventStream(region),
    msgId: shortHash(JSON.stringify([event.source, event.id]), 32),
    headers: { 'content-type': 'application/cloudevents+json' },
  });
}
