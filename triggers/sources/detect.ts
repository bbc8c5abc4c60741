/** Which sender wrote this, and which events are in it? By content alone; total: whatever the bytes hold, there is an answer. */
import { createHash } from 'node:crypto';
import { isBinaryMode } from '../events/binary-mode.ts';
import type { CloudEvent } from '../events/cloud-event.ts';
import { type JsonProblem, type ParsedJson, parseJson } from '../events/json.ts';
import { atOnce } from '../events/steps.ts';
import { sources } from './index.ts';
import { openedEvents } from './opened-events.ts';
import type { Rejection, Source, SourceRequest, SourceResult } from './source.ts';
import { readable, withSpoiled } from './spoiled-items.ts';

export interface Detected {
  /** Kind of the source; null when none recognises it. */
  readonly source: string | null;
  readonly events: readonly CloudEvent[];
  readonly rejected: readonly Rejection[];
}

/** `headers`: lower-case names. */
export function detect(raw: Uint8Array, headers: Readonly<Record<string, string>>, receivedAt: string): Detected {
  const parsed = parseJson(raw);
  const request: SourceRequest = {
    sender: 'detect',
    headers,
    contentType: headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? null,
    body: parsed.ok ? parsed.value : null,
    raw,
    rawSha256: createHash('sha256').update(raw).digest('hex'),
    receivedAt,
  };
  for (const source of sources.values()) {
    const content = readable(source, parsed);
    if (content === null && !mayRead(source, parsed, request)) continue;
    const given = { ...request, body: content?.body ?? null };
    if (source.recognises(given))
      return {
        source: source.kind,
        ...opened(source, given, withSpoiled(source.toEvents(given), content?.spoiled ?? new Map())),
      };
  }
  const reason = parsed.ok ? 'unknown-format' : parsed.reason;
  const message = parsed.ok ? 'no source recognises this' : 'not acceptable as JSON';
  return {
    source: null,
    events: [],
    rejected: [{ index: null, reason, place: parsed.ok ? '' : parsed.place, message }],
  };
}

/** As the intake does it where no trigger listens for a type of one's own. */
function opened(source: Source, request: SourceRequest, read: SourceResult): SourceResult {
  const { items, rejected } = atOnce(openedEvents(source, read, request, ({ type }) => type.startsWith('tocsin.')));
  return { events: items.map(({ event }) => event), rejected };
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
