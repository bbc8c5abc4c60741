/**
 * The one way from what a source has read to an alert event: derived id, normalised severity, instants in UTC. A source fills in what
 * its sender said; everything it leaves out is null, never guessed.
 */
import type { Rejection, SourceRequest } from '../sources/source.ts';
import { type Alert, type AlertStatus, alertEventType } from './alert.ts';
import type { CloudEvent } from './cloud-event.ts';
import { readInstant } from './instant.ts';
import { severityNumber } from './severity.ts';
import { sha256Of } from './sha256-of.ts';

export interface AlertFacts extends Partial<
  Omit<Alert, 'alertKey' | 'status' | 'severity' | 'time' | 'location' | 'raw'>
> {
  /** What is sick, as this sender tells it apart; the sender's name is put in front. */
  readonly key: string;
  readonly status: AlertStatus;
  readonly statusText: string;
  readonly severity?: string | null;
  /** The word that it stands for, where only this sender's documentation says so: 3 is P3 at Opsgenie. */
  readonly severityWord?: string | null;
  /** As written by the sender; a zero time counts as not set. */
  readonly started?: TextAt | null;
  readonly ended?: TextAt | null;
  readonly occurred?: TextAt | null;
  readonly location?: Partial<Alert['location']>;
  /** Tells occurrences apart where no time does (an event's own id, a level); equal for a redelivery. */
  readonly occurrence?: string | null;
}

/** A text and its JSON Pointer in the payload. */
export interface TextAt {
  readonly text: string;
  readonly place: string;
  /** What the sender wrote, where `text` was made out of it (from epoch seconds, from RFC 1123). */
  readonly written?: string;
}

export type AlertResult =
  | { readonly ok: true; readonly event: CloudEvent }
  | { readonly ok: false; readonly rejection: Omit<Rejection, 'index'> };

const NOWHERE: Alert['location'] = { cloud: null, account: null, region: null, zone: null, cluster: null };
const MAX_KEY = 900;

export function alertEvent(request: SourceRequest, facts: AlertFacts): AlertResult {
  const resolved = facts.status === 'resolved';
  // The end of something that still fires is a forecast, not a fact.
  const written = { started: facts.started, ended: resolved ? facts.ended : null, occurred: facts.occurred };
  const read: Record<string, string | null> = {};
  const original: Record<string, string> = {};
  for (const [name, value] of Object.entries(written)) {
    if (value === null || value === undefined) continue;
    const instant = readInstant(value.text, request.receivedAt, request.times);
    if (!instant.ok) return { ok: false, rejection: badTime(instant.reason, value) };
    read[name] = instant.utc;
    original[name] = value.written ?? value.text;
  }
  const { started = null, ended = null } = read;
  const occurred = read['occurred'] ?? (resolved ? ended : started);
  const alertKey = boundedKey(`${request.sender}:${facts.key}`);
  const text = facts.severity ?? null;
  const number = severityNumber(facts.severityWord ?? text);
  const {
    severityWord: _word,
    key: _key,
    started: _started,
    ended: _ended,
    occurred: _occurred,
    severity: _severity,
    occurrence = null,
    ...given
  } = facts;
  const alert: Alert = {
    name: null,
    resource: null,
    title: null,
    description: null,
    labels: {},
    annotations: {},
    links: { source: null, runbook: null, dashboard: null },
    group: null,
    delivery: null,
    ...given,
    alertKey,
    severity: { number, text },
    time: { occurred, started, ended, received: request.receivedAt, original },
    location: { ...NOWHERE, ...facts.location },
    raw: { sha256: request.rawSha256, contentType: request.contentType, ref: null },
  };
  return { ok: true, event: envelope(request, alert, occurrence) };
}

function envelope(request: SourceRequest, alert: Alert, occurrence: string | null): CloudEvent {
  const { occurred, started, ended } = alert.time;
  const what = [
    request.sender,
    alert.alertKey,
    alert.status,
    started,
    alert.status === 'resolved' ? ended : null,
    occurred,
    ...(occurrence === null ? [] : [occurrence]),
  ];
  return {
    specversion: '1.0',
    id: `${alert.status}-${sha256Of(JSON.stringify(what)).slice(0, 32)}`,
    source: `tocsin:/in/${request.sender}`,
    type: alertEventType(alert.status),
    datacontenttype: 'application/json',
    partitionkey: alert.alertKey,
    recordedtime: request.receivedAt,
    ...(occurred === null ? {} : { time: occurred }),
    ...(alert.severity.number === null ? {} : { severitynumber: alert.severity.number }),
    ...(alert.severity.text === null ? {} : { severitytext: alert.severity.text }),
    data: alert,
  };
}

const EXPECTED: Readonly<Record<string, string>> = {
  'time-not-rfc3339': 'an RFC 3339 instant with an offset; without one the sender needs a `zone`',
  'time-zone-unknown': 'in a zone that is known here',
  'time-contradicts-zone': 'at an offset that its zone has then',
  'time-in-the-future': 'an instant at most one day ahead of the time of receipt',
  'time-ancient': 'an instant of the year 2000 or later',
};

export const badTime = (reason: string, { text, place }: TextAt): Omit<Rejection, 'index'> => ({
  reason,
  place,
  message: `${JSON.stringify(text.slice(0, 60))} is not ${EXPECTED[reason] ?? 'acceptable'}`,
});

/** A key is also a subject token, a workflow id and a search attribute: a longer one ends in a hash of the whole. */
function boundedKey(key: string): string {
  if (key.length <= MAX_KEY) return key;
  return `${key.slice(0, MAX_KEY).toWellFormed()}-${sha256Of(key).slice(0, 16)}`;
}
