/**
 * The bytes of a request as they came, kept as evidence beside what was read out of them (claim check). Small ones of a single event
 * travel in the event itself; others are stored once per request, under their hash, before the events that refer to them.
 */
import type { EventLog } from '../nats/port.ts';
import { rawStream, rawSubject } from '../nats/subject.ts';
import { RAW_PART_BYTES } from '../nats/topology.ts';
import { sha256Of } from '../events/sha256-of.ts';

export interface RawBytes {
  readonly sha256: string;
  readonly contentType: string | null;
  readonly bytes: Uint8Array;
}

/** Bytes up to which a request travels in its only event: a message of its own would cost more than a third of this. */
const INLINE_MAX_BYTES = 8_192;
const PARTS = 'tocsin-raw-parts';
/** 64 MiB, the most that an intake can be told to take. */
const MAX_PARTS = 128;

export const isInline = ({ bytes }: RawBytes): boolean => bytes.length <= INLINE_MAX_BYTES;

/** What the event of a small request refers to: the bytes themselves (RFC 2397). */
export const inlineRef = ({ contentType, bytes }: RawBytes): string =>
  `data:${contentType ?? 'application/octet-stream'};base64,${Buffer.from(bytes).toString('base64')}`;

export const storedRef = (region: string, { sha256 }: Pick<RawBytes, 'sha256'>): string => `raw:${region}/${sha256}`;

/** Resolves after every part is stored; the same bytes again take the place of the first ones. Rejects with the errors of the events log. */
export async function storeRaw(
  log: Pick<EventLog, 'publish'>,
  region: string,
  { sha256, contentType, bytes }: RawBytes,
): Promise<void> {
  const parts = Math.max(1, Math.ceil(bytes.length / RAW_PART_BYTES));
  const headers = { [PARTS]: String(parts), ...(contentType === null ? {} : { 'content-type': contentType }) };
  for (let part = 0; part < parts; part += 1)
    await log.publish(
      rawSubject(region, sha256, part),
      bytes.subarray(part * RAW_PART_BYTES, (part + 1) * RAW_PART_BYTES),
      {
        expectStream: rawStream(region),
        headers,
      },
    );
}

/** The bytes behind a reference of either kind; null when they have expired, or are not what was stored. */
export async function readRaw(log: Pick<EventLog, 'last'>, ref: string): Promise<RawBytes | null> {
  const [, type, base64] = /^data:([^;,]*);base64,([A-Za-z0-9+/=]*)$/.exec(ref) ?? [];
  if (base64 !== undefined) return described(Buffer.from(base64, 'base64'), type ?? null);
  const [, region, sha256] = /^raw:([^/]+)\/([0-9a-f]{64})$/.exec(ref) ?? [];
  if (region === undefined || sha256 === undefined) return null;
  const first = await log.last(rawStream(region), rawSubject(region, sha256, 0));
  if (first === null) return null;
  const found = [first];
  const parts = Math.min(Number(first.headers[PARTS] ?? 1), MAX_PARTS);
  for (let part = 1; part < parts; part += 1) {
    const next = await log.last(rawStream(region), rawSubject(region, sha256, part));
    if (next === null) return null;
    found.push(next);
  }
  const raw = described(Buffer.concat(found.map(({ data }) => data)), first.headers['content-type'] ?? null);
  return raw.sha256 === sha256 ? raw : null;
}

const described = (bytes: Uint8Array, contentType: string | null): RawBytes => ({
  sha256: sha256Of(bytes),
  contentType,
  bytes,
});
