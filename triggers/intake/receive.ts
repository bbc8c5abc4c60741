/**
 * What becomes of one request, before anybody says it in HTTP: who sent it, is it readable, is it stored. Each sender's dialect of
 * answers is in answers/.
 */
import { SpanKind } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { LocalTimes } from '../events/local-time.ts';
import { type Steps, inTurns } from '../events/steps.ts';
import { inSpan } from '../in-span.ts';
import { LogRefused } from '../nats/errors.ts';
import type { Control, Rejection, Source } from '../sources/source.ts';
import { type Accepted, type AcceptOptions, type StoredEvent, accept } from './accept.ts';
import { type Auth, type SignedRequest, isAllowed } from './auth.ts';
import { CannotTell } from './cannot-tell.ts';
import { keptBytes } from './kept-bytes.ts';
import { logRejected } from './log-rejected.ts';
import { missingAlerts } from './missing-alerts.ts';
import type { Whole } from './oversized.ts';
import type { Quarantine } from './quarantine.ts';
import { type Seen, dependsOnTime, isTimeless } from './seen.ts';
import { withoutSecrets } from './without-secrets.ts';

export interface Sender {
  readonly name: string;
  readonly source: Source;
  readonly auth: Auth;
  /** Keep what can never work and answer 2xx: its queue sends a refusal again for days. */
  readonly quarantine?: boolean;
  /** Zones for times that are written with a name or with none. */
  readonly times?: LocalTimes;
}

export interface ReceiveOptions extends AcceptOptions {
  readonly logger: Logger;
  /** Needed by senders with `quarantine`. */
  readonly quarantine?: Quarantine;
  /** Needed by senders whose signature says nothing of when; without it copies are told apart by the book alone. */
  readonly seen?: Seen;
  /** Fetch the address that confirms a subscription; called only for a request that proved its sender. */
  readonly confirm?: (url: string) => Promise<void>;
  readonly onStored?: (stored: StoredEvent) => void;
  readonly onRejected?: (sender: string, reason: string) => void;
  readonly onComeAgain?: (sender: string, reason: string) => void;
  /** Alerts that the sender has left out of its groups. */
  readonly onMissing?: (sender: string, alerts: number) => void;
  readonly now?: () => number;
  /** How late it may be now, ms since 1970: by the clock that is further, while clocks differ. Default: `now`. */
  readonly latest?: () => number;
  /** The same by the clock that is behind; asked while there is a doubt. Default: `now`. */
  readonly earliest?: () => number;
  /** Why it is not known what time it is; null: it is known. */
  readonly clockDoubt?: () => string | null;
}

export type Outcome =
  /** Every good item is stored. */
  | {
      readonly kind: 'accepted';
      readonly stored: readonly StoredEvent[];
      readonly rejected: readonly Rejection[];
      /** Of the bytes, where they were stored beside the events. */
      readonly rawRef?: string | null;
    }
  /** A copy of a signed request that was taken before. */
  | { readonly kind: 'repeated' }
  /** About the delivery itself. */
  | { readonly kind: 'control'; readonly status: number; readonly body: unknown }
  /** Nothing in it can ever be an event. */
  | { readonly kind: 'rejected'; readonly first: Rejection; readonly rejected: readonly Rejection[] }
  | {
      readonly kind: 'refused';
      readonly status: 401 | 415;
      readonly reason: string;
      readonly message: string;
      /** For `WWW-Authenticate`. */ readonly challenge?: string;
    }
  /** Nothing is stored for sure; the same request may succeed later. */
  | { readonly kind: 'come-again'; readonly reason: string; readonly message: string };

/** Rejects only by a mistake of ours; then nothing is known, and the sender must come again. */
export async function receive(options: ReceiveOptions, sender: Sender, request: SignedRequest): Promise<Outcome> {
  const span = { kind: SpanKind.SERVER, attributes: { 'tocsin.sender': sender.name }, from: request.headers };
  const outcome = await inSpan(`intake ${sender.name}`, span, () => outcomeOf(options, sender, request));
  if (outcome.kind === 'come-again') options.onComeAgain?.(sender.name, outcome.reason);
  if (outcome.kind === 'refused') options.onRejected?.(sender.name, outcome.reason);
  if (outcome.kind === 'accepted') {
    await inTurns(told(options, outcome.stored));
    tellMissing(options, sender, outcome.stored);
  }
  if (outcome.kind === 'accepted' || outcome.kind === 'rejected')
    for (const { reason } of outcome.rejected) options.onRejected?.(sender.name, reason);
  // Strangers are counted: they neither write lines nor take room.
  if (outcome.kind === 'refused' && outcome.status === 401) return outcome;
  tellRejected(options, sender, outcome);
  return quarantined(options, sender, request, outcome);
}

/** A request of which only the beginning was kept; whoever sent it has proved to be the sender. */
export async function receiveOversized(
  options: ReceiveOptions,
  sender: Sender,
  { headers, raw }: SignedRequest,
  whole: Whole,
  most: number,
): Promise<Outcome> {
  const message = `${whole.bytes} bytes, at most ${most} allowed; SHA-256 of all of it ${whole.sha256}`;
  const refused = { reason: 'body-too-large', place: '', message };
  options.onRejected?.(sender.name, refused.reason);
  logRejected(options.logger, {
    sender: sender.name,
    region: options.region,
    stored: 0,
    rejected: [refused],
    rawRef: null,
  });
  try {
    await options.quarantine?.({
      sender: sender.name,
      kind: sender.source.kind,
      contentType: headers['content-type'] ?? null,
      raw: raw.subarray(0, KEPT_BYTES),
      refused: [refused],
      whole,
    });
  } catch (error) {
    return cannotStore(options, sender, error);
  }
  return { kind: 'control', status: 202, body: { accepted: 0, quarantined: 1 } };
}

/** Of a body that is too large: enough to see what it is. */
const KEPT_BYTES = 65_536;

function* told(options: ReceiveOptions, all: readonly StoredEvent[]): Steps<void> {
  for (const stored of all) {
    logStored(options, stored);
    options.onStored?.(stored);
    yield;
  }
}

function tellMissing(options: ReceiveOptions, { name }: Sender, stored: readonly StoredEvent[]): void {
  const missing = missingAlerts(stored);
  if (missing === 0) return;
  options.logger.warn({ sender: name, region: options.region, missing }, 'the sender has left alerts out of its group');
  options.onMissing?.(name, missing);
}

function tellRejected({ logger, region }: ReceiveOptions, { name }: Sender, outcome: Outcome): void {
  const [stored, rawRef] = outcome.kind === 'accepted' ? [outcome.stored.length, outcome.rawRef ?? null] : [0, null];
  logRejected(logger, { sender: name, region, stored, rejected: refusalsOf(outcome), rawRef });
}

/** One line for each event; who follows an event through the logs begins here. */
function logStored({ logger, region }: ReceiveOptions, { sender, event, ack }: StoredEvent): void {
  const { stream, sequence, duplicate } = ack;
  logger.info({ eventId: event.id, region, sender, type: event.type, stream, sequence, duplicate }, 'event stored');
}

async function outcomeOf(options: ReceiveOptions, sender: Sender, request: SignedRequest): Promise<Outcome> {
  const { headers, raw } = request;
  const now = new Date((options.now ?? Date.now)());
  const known = await whoIsIt(options, sender, request, now);
  if (known !== null) return known;
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    return { kind: 'refused', status: 415, reason: 'content-encoding', message: 'expected an uncompressed body' };
  const contentType = headers['content-type']?.split(';')[0]?.trim().toLowerCase() || null;
  const incoming = {
    sender: sender.name,
    headers: withoutSecrets(headers),
    contentType,
    raw,
    receivedAt: now.toISOString(),
    ...(options.latest === undefined ? {} : { latest: new Date(options.latest()).toISOString() }),
    ...earliestOf(options),
    ...(sender.times === undefined ? {} : { times: sender.times }),
  };
  const seen = isTimeless(sender.auth, headers) ? options.seen : undefined;
  let accepted: Accepted;
  try {
    if ((await seen?.has(sender.name, raw)) === true) return { kind: 'repeated' };
    accepted = await accept(incoming, sender.source, options);
    if (accepted.kind === 'read' && accepted.stored.length > 0) await seen?.add(sender.name, raw);
  } catch (error) {
    return cannotStore(options, sender, error);
  }
  if (accepted.kind === 'unsupported-media-type') {
    const message = `${contentType ?? 'no content type'} is not what ${sender.source.kind} sends`;
    return { kind: 'refused', status: 415, reason: 'content-type', message };
  }
  if (accepted.kind === 'clock-in-doubt') {
    options.logger.warn({ sender: sender.name }, `cannot tell what a request says: ${options.clockDoubt?.() ?? ''}`);
    const message = 'what this says depends on the time, which is in doubt here; send it again';
    return { kind: 'come-again', reason: 'clock-in-doubt', message };
  }
  const { stored, rejected, control, rawRef } = accepted;
  if (control !== null) return controlled(options, sender, control);
  const [first] = rejected;
  return stored.length > 0 || first === undefined
    ? { kind: 'accepted', stored, rejected, rawRef }
    : { kind: 'rejected', first, rejected };
}

/** Only in doubt: while clocks agree, the milliseconds between two looks at them decide nothing. */
const earliestOf = ({ clockDoubt, earliest }: ReceiveOptions): { readonly earliest?: string } =>
  earliest === undefined || (clockDoubt?.() ?? null) === null ? {} : { earliest: new Date(earliest()).toISOString() };

/** Null for who is allowed. */
async function whoIsIt(
  options: ReceiveOptions,
  { name, auth }: Sender,
  request: SignedRequest,
  now: Date,
): Promise<Outcome | null> {
  try {
    if (await isAllowed(auth, request, now)) return null;
  } catch (error) {
    if (!(error instanceof CannotTell)) throw error;
    options.logger.warn({ err: error, sender: name }, 'cannot tell who sent this, the sender is asked to come again');
    return { kind: 'come-again', reason: 'cannot-authenticate', message: 'keys cannot be fetched now; send it again' };
  }
  const doubt = dependsOnTime(auth, request.headers) ? (options.clockDoubt?.() ?? null) : null;
  if (doubt !== null) {
    options.logger.warn({ sender: name }, `a request is not authenticated, or only too old or too early: ${doubt}`);
    const message = 'this may be no longer or not yet valid, and the time is in doubt here; send it again';
    return { kind: 'come-again', reason: 'clock-in-doubt', message };
  }
  return {
    kind: 'refused',
    status: 401,
    reason: 'not-authenticated',
    message: `expected authentication of kind ${auth.kind}`,
    // Amazon SNS sends the password of its address only to who asks for it.
    ...(auth.kind === 'basic' ? { challenge: 'Basic realm="tocsin"' } : {}),
  };
}

function cannotStore({ logger }: ReceiveOptions, sender: Sender, error: unknown): Outcome {
  // Also when a human has to mend the log first (LogRefused): 503 is the one answer that every sender repeats, so nothing is lost.
  const level = error instanceof LogRefused ? 'error' : 'warn';
  logger[level]({ err: error, sender: sender.name }, 'cannot store now, the sender is asked to come again');
  return { kind: 'come-again', reason: 'cannot-store', message: 'the events log does not take it now; send it again' };
}

/** A subscription is confirmed only for who has proved to be the sender; without authentication an operator does it. */
async function controlled(
  { confirm, logger }: ReceiveOptions,
  { name, auth }: Sender,
  { answer, confirmUrl }: Control,
): Promise<Outcome> {
  const answered: Outcome = { kind: 'control', ...answer };
  if (confirmUrl === undefined || confirm === undefined) return answered;
  if (auth.kind === 'none') {
    logger.warn(
      { sender: name, confirmUrl },
      'the subscription is not confirmed: its sender has proved nothing; open the address by hand',
    );
    return answered;
  }
  try {
    await confirm(confirmUrl);
    logger.info({ sender: name }, 'subscription confirmed');
    return answered;
  } catch (error) {
    logger.warn({ err: error, sender: name }, 'the subscription was not confirmed, its sender will ask again');
    return { kind: 'come-again', reason: 'not-confirmed', message: 'the subscription could not be confirmed now' };
  }
}

/** What is kept is no longer the sender's business, so that its queue lets go of it. */
async function quarantined(
  options: ReceiveOptions,
  sender: Sender,
  { headers, raw }: SignedRequest,
  outcome: Outcome,
): Promise<Outcome> {
  const refused = refusalsOf(outcome);
  if (sender.quarantine !== true || options.quarantine === undefined || refused.length === 0) return outcome;
  try {
    await options.quarantine({
      sender: sender.name,
      kind: sender.source.kind,
      contentType: headers['content-type'] ?? null,
      raw: await keptBytes(sender.source.kind, raw),
      refused,
    });
  } catch (error) {
    return cannotStore(options, sender, error);
  }
  return outcome.kind === 'accepted'
    ? outcome
    : { kind: 'control', status: 202, body: { accepted: 0, quarantined: refused.length } };
}

const refusalsOf = (outcome: Outcome): readonly Omit<Rejection, 'index'>[] => {
  if (outcome.kind === 'accepted' || outcome.kind === 'rejected') return outcome.rejected;
  return outcome.kind === 'refused' ? [{ reason: outcome.reason, place: '', message: outcome.message }] : [];
};
