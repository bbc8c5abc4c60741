/** Alerts for tests, read by the adapter that reads Alertmanager's own requests, so that keys and times are those of production. */
import { createHash } from 'node:crypto';
import type { Alert } from '../../triggers/events/alert.ts';
import type { EventOf } from '../../triggers/events/cloud-event.ts';
import { alertmanager } from '../../triggers/sources/alertmanager.ts';

export interface AlertOptions {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Default `critical`. */
  readonly severity?: string;
  /** Ms since 1970; default: now. */
  readonly startsAt?: number;
}

/**
 * A firing alert as the event that a trigger sees.
 *
 * @example givenAlert({ name: 'ServiceDown', labels: { service: 'checkout' } })
 */
export function givenAlert({ name, labels = {}, annotations = {}, severity, startsAt }: AlertOptions): EventOf<Alert> {
  const at = new Date(startsAt ?? Date.now()).toISOString();
  const alert = {
    status: 'firing',
    labels: { severity: severity ?? 'critical', ...labels, alertname: name },
    annotations,
    startsAt: at,
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: '',
    fingerprint: createHash('sha256').update(JSON.stringify(labels)).digest('hex').slice(0, 16),
  };
  const body = {
    version: '4',
    groupKey: '{}',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'test',
    alerts: [alert],
  };
  const raw = Buffer.from(JSON.stringify(body));
  const { events, rejected } = alertmanager.toEvents({
    sender: 'test',
    headers: {},
    contentType: 'application/json',
    body,
    raw,
    rawSha256: createHash('sha256').update(raw).digest('hex'),
    receivedAt: at,
  });
  const [event] = events;
  if (event === undefined) throw new TypeError(`no alert: ${rejected.map(({ message }) => message).join(', ')}`);
  return event as EventOf<Alert>;
}
