/** Alertmanager payloads as text, and a way to store them as the intake would. */
import assert from 'node:assert/strict';
import { type StoredEvent, accept } from '../../triggers/intake/accept.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { alertmanager } from '../../triggers/sources/alertmanager.ts';

export interface PayloadOptions {
  readonly name?: string;
  readonly service?: string;
  readonly severity?: string;
  /** Tells alerts of one name apart. */
  readonly instance?: string;
  readonly startsAt?: string | null;
  readonly endsAt?: string | null;
}

export function alertmanagerPayload(status: 'firing' | 'resolved', options: PayloadOptions = {}): unknown {
  const { name = 'ServiceDown', service = 'checkout', severity = 'critical', instance = 'a' } = options;
  const startsAt = options.startsAt === undefined ? '2026-01-01T00:00:00Z' : options.startsAt;
  const endsAt = options.endsAt ?? null;
  const alert = {
    status,
    labels: { alertname: name, service, severity, instance },
    annotations: { summary: `${service} on ${instance} fails its health check` },
    ...(startsAt === null ? {} : { startsAt }),
    endsAt: endsAt ?? '0001-01-01T00:00:00Z',
    generatorURL: 'http://prometheus.example/graph',
    fingerprint: Buffer.from(instance).toString('hex').padEnd(16, '0').slice(0, 16),
  };
  return { version: '4', groupKey: '{}', truncatedAlerts: 0, status, receiver: 'tocsin', alerts: [alert] };
}

/** Stores one alert and returns it; again and again while the server takes it for a copy of the last one. */
export async function storeAlert(
  log: EventLog,
  region: string,
  status: 'firing' | 'resolved',
  options: PayloadOptions = {},
): Promise<StoredEvent> {
  const raw = Buffer.from(JSON.stringify(alertmanagerPayload(status, options)));
  for (;;) {
    const accepted = await accept(
      { sender: 'am', headers: {}, contentType: 'application/json', raw, receivedAt: new Date().toISOString() },
      alertmanager,
      { log, region, knownTypes: new Set() },
    );
    assert.equal(accepted.kind, 'read');
    assert.deepEqual(accepted.rejected, []);
    const [stored] = accepted.stored;
    assert.ok(stored);
    if (!stored.ack.duplicate) return stored;
  }
}
