/**
 * One authenticated request becomes stored events: read the bytes, let the source take them apart, publish each good item, and say of
 * every other one why not. Resolves only when every PubAck is there.
 */
import { isBinaryMode } from '../events/binary-mode.ts';
import { forRun } from '../events/for-run.ts';
import type { CloudEvent } from '../events/cloud-event.ts';
import type { LocalTimes } from '../events/local-time.ts';
import { MAX_DEPTH, type ParsedJson, jsonSteps } from '../events/json.ts';
import { type Steps, inTurns } from '../events/steps.ts';
import type { EventLog, PubAck } from '../nats/port.ts';
import { encodeJson } from '../path/json-bytes.ts';
import { publishEvent } from '../path/publish-event.ts';
import { EVENT_MAX_BYTES } from '../nats/topology.ts';
import { CLOCK_IN_DOUBT } from '../sources/refuse.ts';
import { type ItemEvent, openedEvents } from '../sources/opened-events.ts';
import { MAX_ITEMS, isObject } from '../sources/read.ts';
import type { Control, Rejection, Source, SourceRequest } from '../sources/source.ts';
import { readable, unreadable, withSpoiled } from '../sources/spoiled-items.ts';
import { keptBytes } from './kept-bytes.ts';
import { type RawBytes, inlineRef, isInline, storeRaw, storedRef } from './raw-store.ts';
import { sha256Of } from '../events/sha256-of.ts';

export interface IncomingRequest {
  readonly sender: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string | null;
  readonly raw: Uint8Array;
  /** RFC 3339, UTC. */
  readonly receivedAt: string;
  /** As of a `SourceRequest`. */
  readonly latest?: string;
  readonly earliest?: string;
  readonly times?: LocalTimes;
}

export interface StoredEvent {
  readonly sender: string;
  readonly event: CloudEvent;
  readonly ack: PubAck;
}

export interface AcceptOptions {
  readonly log: Pick<EventLog, 'publish'>;
  readonly region: string;
  /** Types of plain events that some trigger listens for; others are refused, unless they carry an alert. Alerts are always taken. */
  readonly knownTypes: ReadonlySet<string>;
}

export type Accepted =
  | {
      readonly kind: 'read';
      readonly stored: readonly StoredEvent[];
      readonly rejected: readonly Rejection[];
      readonly control: Control | null;
      /** Of the bytes that were stored beside the events; null when they travel in the only one, or nothing was stored. */
      readonly rawRef: string | null;
    }
  | { readonly kind: 'unsupported-media-type' }
  /** What an item says depends on which of two clocks is right. Nothing is stored. */
  | { readonly kind: 'clock-in-doubt' };

/** An event and the message that it is stored as. */
interface Storable {
  readonly event: CloudEvent;
  readonly data: Uint8Array;
}

/** Publications of one request side by side. */
const PUBLISH_BATCH = 64;
/** Room for headers within a message of the stream. */
const HEADER_BYTES = 4_096;

/** Rejects with the errors of the events log; then nothing may be answered but "try again". */
export async function accept(request: IncomingRequest, source: Source, options: AcceptOptions): Promise<Accepted> {
  const how = source.bodyOf(request.contentType, request.headers);
  if (how === 'refused') return { kind: 'unsupported-media-type' };
  const parsed: ParsedJson =
    how === 'json' && request.raw.length > 0 ? await inTurns(jsonSteps(request.raw)) : { ok: true, value: null };
  const content = readable(source, parsed);
  if (content === null) {
    const rejected = parsed.ok ? [] : [unreadable(parsed, null)];
    return { kind: 'read', stored: [], rejected, control: null, rawRef: null };
  }
  const { body, spoiled } = content;
  const rawSha256 = sha256Of(request.raw);
  const given: SourceRequest = { ...request, body, rawSha256 };
  const read = source.steps === undefined ? source.toEvents(given) : await inTurns(source.steps(given));
  const result = withSpoiled(read, spoiled);
  const bytes = await keptBytes(source.kind, request.raw);
  const raw: RawBytes = {
    sha256: bytes === request.raw ? rawSha256 : sha256Of(bytes),
    contentType: request.contentType,
    bytes,
  };
  const { knownTypes } = options;
  const { items, rejected: refused } = await inTurns(
    openedEvents(source, result, given, (event) => isListenedFor(event, knownTypes)),
  );
  if (refused.some((each) => each.reason === CLOCK_IN_DOUBT)) return { kind: CLOCK_IN_DOUBT };
  const inline = items.length === 1 && isInline(raw);
  const ref = inline ? inlineRef(raw) : storedRef(options.region, raw);
  const isBatch = Array.isArray(body) && !isBinaryMode(request.headers);
  const { good, rejected } = await inTurns(sorted(items, refused, ref, isBatch, knownTypes));
  // Before the events, so that none of them refers to what is not there.
  const rawRef = good.length > 0 && !inline ? ref : null;
  if (rawRef !== null) await storeRaw(options.log, options.region, raw);
  const stored = await publishAll(request.sender, source.kind, good, options);
  return { kind: 'read', stored, rejected, control: result.control ?? null, rawRef };
}

/** Which events can be stored, and why the others cannot, in the order of the items. */
function* sorted(
  items: readonly ItemEvent[],
  refused: readonly Rejection[],
  ref: string,
  isBatch: boolean,
  knownTypes: ReadonlySet<string>,
): Steps<{ readonly good: readonly Storable[]; readonly rejected: readonly Rejection[] }> {
  const rejected: Rejection[] = [...refused];
  const good: Storable[] = [];
  for (const { event: read, index } of items) {
    const event = withRaw(read, ref);
    const given = index >= MAX_ITEMS ? tooMany() : storable(event, knownTypes);
    if ('data' in given) good.push(given);
    else rejected.push({ index, ...given, place: (isBatch ? `/${index}` : '') + given.place });
    yield;
  }
  return { good, rejected: rejected.toSorted((a, b) => (a.index ?? -1) - (b.index ?? -1)) };
}

/** An alert of ours has a field for it; in any other event it is an attribute of the envelope. */
function withRaw(event: CloudEvent, ref: string): CloudEvent {
  const { data } = event;
  if (!event.type.startsWith('tocsin.alert.') || !isObject(data) || !isObject(data['raw']))
    return { ...event, rawref: ref };
  return { ...event, data: { ...data, raw: { ...data['raw'], ref } } };
}

async function publishAll(
  sender: string,
  kind: string,
  events: readonly Storable[],
  { log, region }: AcceptOptions,
): Promise<StoredEvent[]> {
  const stored: StoredEvent[] = [];
  for (let from = 0; from < events.length; from += PUBLISH_BATCH) {
    const batch = events
      .slice(from, from + PUBLISH_BATCH)
      .map(async ({ event, data }) => ({ sender, event, ack: await publishEvent(log, region, kind, event, data) }));
    stored.push(...(await Promise.all(batch)));
  }
  return stored;
}

function storable(event: CloudEvent, knownTypes: ReadonlySet<string>): Storable | Omit<Rejection, 'index'> {
  if (!isListenedFor(event, knownTypes)) {
    const known = [...knownTypes].join(', ') || 'none';
    return {
      reason: 'unknown-event-type',
      place: '/type',
      message: `no trigger listens for ${JSON.stringify(event.type)}; known: ${known}`,
    };
  }
  if (isTooDeep(event)) return { reason: 'too-deep', place: '', message: `nested deeper than ${MAX_DEPTH} levels` };
  const data = encodeJson(event);
  if (data.length <= EVENT_MAX_BYTES - HEADER_BYTES) return { event, data };
  return {
    reason: 'event-too-large',
    place: '',
    message: `${data.length} bytes, at most ${EVENT_MAX_BYTES - HEADER_BYTES} allowed`,
  };
}

/** What a source of ours has read needs no listener, nor does what a run waits for. */
const isListenedFor = (event: CloudEvent, knownTypes: ReadonlySet<string>): boolean =>
  /^tocsin\.(alert|event)\./.test(event.type) || knownTypes.has(event.type) || forRun(event) !== null;

/** In its envelope a body lies deeper than it came; what the consumer would refuse to read must not be stored. */
const isTooDeep = (value: object, left = MAX_DEPTH): boolean =>
  left === 0 ||
  Object.values(value).some((inner) => typeof inner === 'object' && inner !== null && isTooDeep(inner, left - 1));

const tooMany = (): Omit<Rejection, 'index'> => ({
  reason: 'too-many-events',
  place: '',
  message: `at most ${MAX_ITEMS} events in one request`,
});
