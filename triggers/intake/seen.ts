/**
 * Which signed bodies were taken already. Some senders sign the body and no time with it, so that a copy of an old request passes their
 * check for ever: here it is known by its bytes, whatever its headers say, for as long as the episode book remembers.
 */
import type { EventLog } from '../nats/port.ts';
import { seenStream, seenSubject } from '../nats/subject.ts';
import type { Auth } from './auth.ts';
import { sha256Of } from '../events/sha256-of.ts';

export interface Seen {
  has(sender: string, raw: Uint8Array): Promise<boolean>;
  /** After the events of the request are stored: a crash before it repeats what is harmless to repeat. */
  add(sender: string, raw: Uint8Array): Promise<void>;
}

/** Both reject with the errors of the events log. */
export function createSeen(log: Pick<EventLog, 'publish' | 'last'>, region: string): Seen {
  const stream = seenStream(region);
  const subjectOf = (sender: string, raw: Uint8Array): string => seenSubject(region, sender, sha256Of(raw));
  return {
    has: async (sender, raw) => (await log.last(stream, subjectOf(sender, raw))) !== null,
    add: async (sender, raw) => void (await log.publish(subjectOf(sender, raw), NOTHING, { expectStream: stream })),
  };
}

const NOTHING = new Uint8Array();
const TIMELESS: ReadonlySet<string> = new Set(['github', 'pagerduty', 'sentry']);

/** Whether the signature says nothing of when. Grafana signs a time when it is told to. */
export function isTimeless(auth: Auth, headers: Readonly<Record<string, string>>): boolean {
  if (auth.kind !== 'signature') return false;
  return (
    TIMELESS.has(auth.scheme) || (auth.scheme === 'grafana' && headers['x-grafana-alerting-timestamp'] === undefined)
  );
}

/** Whether what is valid now may not have been, or may be no longer, at another time. */
export const dependsOnTime = (auth: Auth, headers: Readonly<Record<string, string>>): boolean =>
  auth.kind === 'oidc' || auth.kind === 'mtls' || (auth.kind === 'signature' && !isTimeless(auth, headers));
