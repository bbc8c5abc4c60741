/** Which sender wrote this, and which events are in it? By content alone; total: whatever the bytes hold, there is an answer. */
import { isBinaryMode } from '../events/binary-mode.ts';
import type { CloudEvent } from '../events/cloud-event.ts';
import { type JsonProblem, type ParsedJson, parseJson } from '../events/json.ts';
import type { LocalTimes } from '../events/local-time.ts';
import { atOnce } from '../events/steps.ts';
import { sources } from './index.ts';
import { openedEvents } from './opened-events.ts';
import type { Rejection, Source, SourceRequest } from './source.ts';
import { type Readable, readable, withSpoiled } from './spoiled-items.ts';
import { sha256Of } from '../events/sha256-of.ts';

export interface Detected {
  /** Kind of the source; null when none recognises it. */
  readonly source: string | null;
  readonly events: readonly CloudEvent[];
  readonly rejected: readonly Rejection[];
}

/** A sender of the configuration, as far as it says how its requests are read. */
export interface Reader {
  readonly name: string;
  readonly source: Source;
  readonly times: LocalTimes;
}

/** `headers`: lower-case names. */
export function detect(raw: Uint8Array, headers: Readonly<Record<string, string>>, receivedAt: string): Detected {
  const parsed = parseJson(raw);
  const request = requestOf(raw, headers, receivedAt, 'detect');
  for (const source of sources.values()) {
    const given = readableBy(source, parsed, request);
    if (given !== null && source.recognises(given.request)) return read(source, given);
  }
  return refused(parsed);
}

/** The same for the address of one sender: nothing is asked of the content. */
export function detectAs(
  { name, source, times }: Reader,
  raw: Uint8Array,
  headers: Readonly<Record<string, string>>,
  receivedAt: string,
): Detected {
  const parsed = parseJson(raw);
  const given = readableBy(source, parsed, { ...requestOf(raw, headers, receivedAt, name), times });
  return given === null ? refused(parsed) : read(source, given);
}

const requestOf = (
  raw: Uint8Array,
  headers: Readonly<Record<string, string>>,
  receivedAt: string,
  sender: string,
): SourceRequest => ({
  sender,
  headers,
  contentType: headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? null,
  body: null,
  raw,
  rawSha256: sha256Of(raw),
  receivedAt,
});

interface Given {
  readonly request: SourceRequest;
  readonly spoiled: Readable['spoiled'];
}

/** What this source may see of the bytes; null: nothing. */
function readableBy(source: Source, parsed: ParsedJson, request: SourceRequest): Given | null {
  const content = readable(source, parsed);
  if (content !== null) return { request: { ...request, body: content.body }, spoiled: content.spoiled };
  return mayRead(source, parsed, request) ? { request, spoiled: new Map() } : null;
}

/** As the intake does it where no trigger listens for a type of one's own. */
function read(source: Source, { request, spoiled }: Given): Detected {
  const result = withSpoiled(source.toEvents(request), spoiled);
  const { items, rejected } = atOnce(openedEvents(source, result, request, ({ type }) => type.startsWith('tocsin.')));
  return { source: source.kind, events: items.map(({ event }) => event), rejected };
}

function refused(parsed: ParsedJson): Detected {
  const rejection = parsed.ok
    ? { reason: 'unknown-format', place: '', message: 'no source recognises this' }
    : { reason: parsed.reason, place: parsed.place, message: 'not acceptable as JSON' };
  return { source: null, events: [], rejected: [{ index: null, ...rejection }] };
}

/** Where a line of many may be at fault, and not the text as a whole. */
const OF_ONE_LINE: ReadonlySet<JsonProblem> = new Set(['not-utf8', 'too-deep', 'too-many-values']);

/**
 * Bytes that are no JSON may still be a form or a text that a source knows, or what their headers say they are; JSON that is refused may
 * not.
 */
function mayRead(source: Source, parsed: ParsedJson, { contentType, headers }: SourceRequest): boolean {
  if (parsed.ok || parsed.reason === 'not-json') return true;
  if (parsed.reason === 'empty-body') return isBinaryMode(headers);
  if (source.readsLines === true && OF_ONE_LINE.has(parsed.reason)) return true;
  return contentType !== null && source.bodyOf(contentType, headers) === 'bytes';
}
