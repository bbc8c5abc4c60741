/**
 * A CloudEvent of a type that nobody listens for may only carry what another sender has written, as brokers and event sources pass it on.
 * When that is an alert, it is read as one; anything else stays the event it is.
 */
import { isBinaryMode } from '../events/binary-mode.ts';
import type { CloudEvent } from '../events/cloud-event.ts';
import type { Steps } from '../events/steps.ts';
import { openCarried } from './carried.ts';
import { cloudevents } from './cloudevents.ts';
import type { Rejection, Source, SourceRequest, SourceResult } from './source.ts';
import { sha256Of } from '../events/sha256-of.ts';

export interface ItemEvent {
  readonly event: CloudEvent;
  /** Of the item of the request that it came in. */
  readonly index: number;
}

export interface OpenedEvents {
  readonly items: readonly ItemEvent[];
  readonly rejected: readonly Rejection[];
}

/** `read`: what the source has made of the request. */
export function* openedEvents(
  source: Source,
  read: SourceResult,
  request: SourceRequest,
  isListenedFor: (event: CloudEvent) => boolean,
): Steps<OpenedEvents> {
  if (source !== cloudevents) return { items: numbered(read), rejected: read.rejected };
  const items: ItemEvent[] = [];
  const rejected = [...read.rejected];
  for (const { event, index } of numbered(read)) {
    const carried = isListenedFor(event) ? null : alertsIn(event, index, request);
    items.push(...(carried?.events ?? [event]).map((each) => ({ event: each, index })));
    rejected.push(...(carried?.rejected ?? []).map((each) => ({ ...each, index })));
    yield;
  }
  return { items, rejected };
}

/** An item of a request is one event or one rejection, in order: the events are the items that were not rejected. */
function numbered({ events, rejected }: SourceResult): readonly ItemEvent[] {
  const taken = new Set(rejected.map(({ index }) => index));
  let index = -1;
  return events.map((event) => {
    do index += 1;
    while (taken.has(index));
    return { event, index };
  });
}

/** Null when its data is no alert of anybody. */
function alertsIn({ id, data }: CloudEvent, index: number, request: SourceRequest): SourceResult | null {
  if (typeof data !== 'object' || data === null) return null;
  const raw = Buffer.from(JSON.stringify(data));
  const inner: SourceRequest = {
    ...request,
    headers: {},
    contentType: 'application/json',
    body: data,
    raw,
    rawSha256: sha256Of(raw),
  };
  const item = Array.isArray(request.body) ? `/${index}` : '';
  const place = isBinaryMode(request.headers) ? '' : `${item}/data`;
  const carried = openCarried(inner, { place, delivery: { id, attempt: null } });
  const isAlert = ({ type }: CloudEvent): boolean => type.startsWith('tocsin.alert.');
  return carried !== null && carried.events.length > 0 && carried.events.every(isAlert) ? carried : null;
}
