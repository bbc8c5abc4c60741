/** The payload of one sender that comes inside a message of another: it is opened when it says itself what it is. */
import type { Alert } from '../events/alert.ts';
import type { CloudEvent } from '../events/cloud-event.ts';
import type { ParsedJson } from '../events/json.ts';
import { directSources } from './direct-sources.ts';
import { isObject } from './read.ts';
import type { Rejection, SourceRequest, SourceResult } from './source.ts';

/** JSON, or a form or lines; JSON that may not be read is not looked into. */
export const isReadable = (parsed: ParsedJson): boolean => parsed.ok || parsed.reason === 'not-json';

export interface Carrier {
  /** JSON Pointer of the text it came in; empty when it is the request itself. */
  readonly place: string;
  readonly delivery: Alert['delivery'];
}

/**
 * Null when it is nobody's, and when it is only some object of Kubernetes. Control messages start nothing here, and nobody waits for their
 * answer.
 */
export function openCarried(inner: SourceRequest, { place, delivery }: Carrier): SourceResult | null {
  const source = directSources.find((each) => each.recognises(inner));
  const result = source?.toEvents(inner);
  if (result === undefined) return null;
  const { events, rejected } = result;
  if (events.length === 0 && rejected.length > 0 && rejected.every(({ reason }) => reason === 'not-an-event'))
    return null;
  return { events: events.map((event) => deliveredBy(event, delivery)), rejected: within(place, rejected) };
}

/** How it came is for its carrier to say, unless the payload says it of itself. */
function deliveredBy(event: CloudEvent, delivery: Alert['delivery']): CloudEvent {
  const { data } = event;
  if (!event.type.startsWith('tocsin.alert.') || !isObject(data) || data['delivery'] !== null) return event;
  return { ...event, data: { ...data, delivery } };
}

/** What is wrong inside lies, for whoever reads the request, at the place of the text. */
export const within = (place: string, rejected: readonly Rejection[]): readonly Rejection[] =>
  place === ''
    ? rejected
    : rejected.map((each) => ({
        ...each,
        place,
        message: each.place === '' ? each.message : `inside, at ${each.place}: ${each.message}`,
      }));
