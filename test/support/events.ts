/** Small builders of events for tests: every field a rule looks at can be set, the rest is plausible. */
import { type Alert, type AlertStatus, alertEventType } from '../../triggers/events/alert.ts';
import type { EventOf } from '../../triggers/events/cloud-event.ts';
import type { Position } from '../../triggers/path/disposition.ts';

export interface AlertOptions {
  readonly key?: string;
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly started?: string | null;
  readonly ended?: string | null;
  readonly severity?: string;
}

export function alert(status: AlertStatus, options: AlertOptions = {}): Alert {
  const name = options.name ?? 'ServiceDown';
  const started = options.started === undefined ? '2026-01-01T00:00:00Z' : options.started;
  const ended = options.ended ?? null;
  const nothing = { cloud: null, account: null, region: null, zone: null, cluster: null };
  return {
    alertKey: options.key ?? 'am:ServiceDown:1',
    status,
    statusText: status,
    name,
    severity: { number: 21, text: options.severity ?? 'critical' },
    time: { occurred: ended ?? started, started, ended, received: '2026-01-01T00:00:01Z', original: {} },
    resource: null,
    location: nothing,
    title: `${name} on checkout`,
    description: null,
    labels: options.labels ?? { alertname: name, service: 'checkout' },
    annotations: {},
    links: { source: null, runbook: null, dashboard: null },
    group: null,
    delivery: null,
    raw: { sha256: '0', contentType: null, ref: null },
  };
}

export function alertEvent(status: AlertStatus, options: AlertOptions = {}): EventOf<Alert> {
  const data = alert(status, options);
  return {
    specversion: '1.0',
    id: `${data.alertKey}-${status}-${data.time.started ?? ''}-${data.time.ended ?? ''}`,
    source: 'tocsin:/in/am',
    type: alertEventType(status),
    partitionkey: data.alertKey,
    severitynumber: 21,
    severitytext: 'critical',
    data,
  };
}

export const at = (sequence: number, storedAt = sequence * 1_000): Position => ({
  stream: 'EVENTS_EU',
  sequence,
  storedAt,
});
