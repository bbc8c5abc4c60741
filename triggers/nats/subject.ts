/**
 * The one place where text becomes a subject token. A subject is a protocol line: an unsanitised field could end the line and
 * inject another command, so every token built from data passes through here.
 */
import { sha256Of } from '../events/sha256-of.ts';

const SAFE = /^[A-Za-z0-9_-]{1,64}$/;
const HASHED = /-[0-9a-f]{12}$/;

/** Readable routing token: two texts may share one. For event types, sources and regions, which filters must be able to name. */
export function routeToken(text: string): string {
  const cleaned = text.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 64);
  return cleaned === '' ? '-' : cleaned;
}

/**
 * Identity token: different texts always get different tokens. A text that is already a token stays as it is, unless it looks
 * like one of ours with a hash at the end (else `a-<hash of b>` could pose as `b`).
 */
export function keyToken(text: string): string {
  if (SAFE.test(text) && !HASHED.test(text)) return text;
  return `${text.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 51)}-${shortHash(text, 12)}`;
}

/** First `length` hex digits of SHA-256 over the bytes, those of a text in UTF-8. */
export function shortHash(text: string | Uint8Array, length: number): string {
  return sha256Of(text).slice(0, length);
}

export type Lane = 'urgent' | 'normal';
export const LANES: readonly Lane[] = ['urgent', 'normal'];

export const eventSubject = (region: string, lane: Lane, source: string, type: string): string =>
  `events.${routeToken(region)}.${lane}.${routeToken(source)}.${routeToken(type)}`;

/** `identity` is the alert key, or the event id of an event that is its own episode. */
export const ledgerSubject = (region: string, identity: string, sequence: number): string =>
  `ledger.${routeToken(region)}.event.${keyToken(identity)}.${sequence}`;

export const runSubject = (region: string, workflowId: string, runId: string): string =>
  `ledger.${routeToken(region)}.run.${keyToken(workflowId)}.${keyToken(runId)}`;

export const deadSubject = (region: string, sequence: number, trigger: string): string =>
  `dlq.${routeToken(region)}.${sequence}.${keyToken(trigger)}`;

/** A request that never became an event, told apart by its bytes. */
export const quarantineSubject = (region: string, sender: string, sha256: string): string =>
  `dlq.${routeToken(region)}.in.${keyToken(sender)}.${keyToken(sha256.slice(0, 32))}`;

/** One part of the bytes of a request, named by their hash. */
export const rawSubject = (region: string, sha256: string, part: number): string =>
  `raw.${routeToken(region)}.${keyToken(sha256)}.${part}`;

/** A request whose events are stored. */
export const seenSubject = (region: string, sender: string, sha256: string): string =>
  `seen.${routeToken(region)}.${keyToken(sender)}.${keyToken(sha256)}`;

export const bookSubject = (region: string, alertKey: string): string =>
  `$KV.${bookBucket(region)}.${keyToken(alertKey)}`;

/** One subject per region: its last sequence is the end of the chain, which compare-and-set extends. */
export const actSubject = (region: string): string => `acts.${routeToken(region)}`;

export const eventStream = (region: string): string => `EVENTS_${streamToken(region)}`;
export const ledgerStream = (region: string): string => `LEDGER_${streamToken(region)}`;
export const deadStream = (region: string): string => `DLQ_${streamToken(region)}`;
export const actStream = (region: string): string => `ACTS_${streamToken(region)}`;
export const rawStream = (region: string): string => `RAW_${streamToken(region)}`;
export const seenStream = (region: string): string => `SEEN_${streamToken(region)}`;
export const bookBucket = (region: string): string => `EPISODES_${streamToken(region)}`;
export const bookStream = (region: string): string => `KV_${bookBucket(region)}`;
/** Of the ledger and of the dead letters of each region. */
export const NOTICE_CONSUMER = 'notices';
export const laneConsumer = (lane: Lane): string => `trigger-${lane}`;

const streamToken = (region: string): string => routeToken(region).toUpperCase();
