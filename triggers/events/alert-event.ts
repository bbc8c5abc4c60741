/**
 * The one way from what a source has read to an alert event: derived id, normalised severity, instants in UTC. A source fills in what
 * its sender said; everything it leaves out is null, never guessed.
 */
import { type Rejection, type SourceRequest, latestOf } from '../sources/source.ts';
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
const TIMES = ['started', 'ended', 'occurred'] as const;

export function alertEvent(request: SourceRequest, facts: AlertFacts): AlertResult {
  const { status } = facts;
  const time = timeOf(request, facts);
  if ('reason' in time) return { ok: false, rejection: time };
  const text = facts.severity ?? null;
  const alert: Alert = {
    alertKey: boundedKey(`${request.sender}:${facts.key}`),
    status,
    statusText: facts.statusText,
    name: facts.name ?? null,
    severity: { number: severityNumber(facts.severityWord ?? text), text },
    time,
    resource: facts.resource ?? null,
    location: { ...NOWHERE, ...facts.location },
    title: facts.title ?? null,
    description: facts.description ?? null,
    labels: facts.labels ?? {},
    annotations: facts.annotations ?? {},
    links: facts.links ?? { source: null, runbook: null, dashboard: null },
    group: facts.group ?? null,
    delivery: facts.delivery ?? null,
    raw: { sha256: request.rawSha256, contentType: request.contentType, ref: null },
  };
  return { ok: true, event: envelope(request, alert, facts.occurrence ?? null) };
}

function timeOf(request: SourceRequest, facts: AlertFacts): Alert['time'] | Omit<Rejection, 'index'> {
  const original: Record<string, string> = {};
  const resolved = facts.status === 'resolved';
  // The end of something that still fires is a forecast, not a fact.
  const read = { started: facts.started, ended: resolved ? facts.ended : null, occurred: facts.occurred };
  const utc: Record<keyof typeof read, string | null> = { started: null, ended: null, occurred: null };
  for (const name of TIMES) {
    const written = read[name];
    if (written === null || written === undefined) continue;
    const instant = readInstant(written.text, latestOf(request), request.times);
    if (!instant.ok) return badTime(instant.reason, written);
    utc[name] = instant.utc;
    original[name] = written.written ?? written.text;
  }
  const { started, ended } = utc;
  return {
    occurred: utc.occurred ?? (resolved ? ended : started),
    started,
    ended,
    received: request.receivedAt,
    original,
  };
}

function envelope(request: SourceRequest, alert: Alert, occurrence: string | null): CloudEvent {
  const { alertKey, status, severity } = alert;
  const { occurred, started, ended } = alert.time;
  const what = [request.sender, alertKey, status, started, status === 'resolved' ? ended : null, occurred];
  if (occurrence !== null) what.push(occurrence);
  const event: CloudEvent = {
    specversion: '1.0',
    id: `${status}-${sha256Of(JSON.stringify(what)).slice(0, 32)}`,
    source: `tocsin:/in/${request.sender}`,
    type: alertEventType(status),
    datacontenttype: 'application/json',
    partitionkey: alertKey,
    recordedtime: request.receivedAt,
    data: alert,
  };
  if (occurred !== null) event.time = occurred;
  if (severity.number !== null) event.severitynumber = severity.number;
  if (severity.text !== null) event.severitytext = severity.text;
  return event;
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
