/**
 * Requests that can never become events and whose sender would repeat them for days: kept among the dead letters of the region, once
 * per sender and body. They are looked at with `tocsin dead-letters`, and sent again with `tocsin emit` once a source can read them.
 */
import { Conflict } from '../nats/errors.ts';
import type { EventLog } from '../nats/port.ts';
import { deadStream, quarantineSubject } from '../nats/subject.ts';
import { EVENT_MAX_BYTES } from '../nats/topology.ts';
import { letterHeaders } from '../path/dead-letters.ts';
import type { Rejection } from '../sources/source.ts';
import type { Whole } from './oversized.ts';
import { storeRaw, storedRef } from './raw-store.ts';
import { sha256Of } from '../events/sha256-of.ts';

export interface QuarantinedRequest {
  readonly sender: string;
  /** Kind of the source. */
  readonly kind: string;
  readonly contentType: string | null;
  readonly raw: Uint8Array;
  readonly refused: readonly Omit<Rejection, 'index'>[];
  /** What the request had, when `raw` is only its beginning. */
  readonly whole?: Whole;
}

/** Resolves after it is stored; rejects with the errors of the events log. */
export type Quarantine = (request: QuarantinedRequest) => Promise<void>;

export function createQuarantine(log: Pick<EventLog, 'publish'>, region: string, recordedBy: string): Quarantine {
  const stream = deadStream(region);
  return async ({ sender, kind, contentType, raw, refused, whole }) => {
    const sha256 = whole?.sha256 ?? sha256Of(raw);
    const subject = quarantineSubject(region, sender, sha256);
    const cut = raw.length > EVENT_MAX_BYTES;
    if (cut) await storeRaw(log, region, { sha256, contentType, bytes: raw });
    const reasons = refused.map(
      ({ reason, place, message }) => `${place === '' ? '' : `${place}: `}${reason}, ${message}`,
    );
    try {
      await log.publish(subject, raw.subarray(0, EVENT_MAX_BYTES), {
        expectStream: stream,
        expectLastSequence: 0,
        headers: letterHeaders({
          trigger: '',
          reason: refused[0]?.reason ?? 'refused',
          message: `request of sender ${sender}, kind ${kind}${cut ? `, cut here; all of it: tocsin raw ${storedRef(region, { sha256 })}` : ''}: ${reasons.join('; ')}`,
          deliveryCount: 1,
          recordedBy,
          // No position: it was never stored as an event, so that it cannot be put back as one.
          original: {
            stream: '',
            sequence: 0,
            subject: `/in/${sender}`,
            storedAt: Date.now(),
            headers: contentType === null ? {} : { 'content-type': contentType },
          },
        }),
      });
    } catch (error) {
      // Kept by an earlier delivery of the same bytes.
      if (!(error instanceof Conflict)) throw error;
    }
  };
}
