/** One request through the real reading of the intake, its publications kept in an array, each read back as the consumer would. */
import assert from 'node:assert/strict';
import type { CloudEvent } from '../../triggers/events/cloud-event.ts';
import { type StoredEvent, accept } from '../../triggers/intake/accept.ts';
import type { Headers, PublishOptions } from '../../triggers/nats/port.ts';
import { type Decoded, decode } from '../../triggers/path/decode.ts';
import type { Rejection, Source } from '../../triggers/sources/source.ts';

export const RECEIVED = '2026-06-01T12:00:00.000Z';
export const REGION = 'eu';
export const KNOWN_TYPES: ReadonlySet<string> = new Set(['com.example.deployed', 'com.github.pull.create']);

export interface Publication {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly options: PublishOptions;
}

export interface ReadRequest {
  readonly stored: readonly StoredEvent[];
  readonly events: readonly CloudEvent[];
  readonly rejected: readonly Rejection[];
  /** `index reason place` of each rejection. */
  readonly reasons: readonly string[];
  readonly publications: readonly Publication[];
  readonly decoded: readonly Decoded[];
}

export async function readRequest(
  source: Source,
  body: unknown,
  { contentType = 'application/json', headers = {} }: { contentType?: string | null; headers?: Headers } = {},
): Promise<ReadRequest> {
  const publications: Publication[] = [];
  const publish = (subject: string, data: Uint8Array, options: PublishOptions = {}) => {
    // The bytes of the request are published beside its events.
    if (!subject.startsWith('raw.')) publications.push({ subject, data, options });
    return Promise.resolve({ stream: 'EVENTS_EU', sequence: publications.length, duplicate: false });
  };
  const raw = body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const given = contentType === null ? headers : { 'content-type': contentType, ...headers };
  const accepted = await accept({ sender: 'prod', headers: given, contentType, raw, receivedAt: RECEIVED }, source, {
    log: { publish },
    region: REGION,
    knownTypes: KNOWN_TYPES,
  });
  if (accepted.kind !== 'read') return assert.fail(`the source refuses ${String(contentType)}`);
  return {
    stored: accepted.stored,
    events: accepted.stored.map(({ event }) => event),
    rejected: accepted.rejected,
    reasons: accepted.rejected.map(({ index, reason, place }) => [index ?? '-', reason, place].join(' ').trim()),
    publications,
    decoded: publications.map(readBack),
  };
}

const readBack = ({ subject, data, options }: Publication): Decoded =>
  decode(
    { stream: 'EVENTS_EU', subject, sequence: 1, storedAt: Date.now(), headers: options.headers ?? {}, data },
    KNOWN_TYPES,
    Date.now(),
  );
