/** A real Prometheus finds a service sick and a real Alertmanager tells it: a run starts, once; healthy again, the run is told. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Alert } from '../../triggers/events/alert.ts';
import type { CloudEvent } from '../../triggers/events/cloud-event.ts';
import { readRaw } from '../../triggers/intake/raw-store.ts';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { type Monitoring, lacksPrometheus, startMonitoring } from '../support/monitoring.ts';
import { until } from '../support/until.ts';

describe('Prometheus and Alertmanager', { skip: lacksPrometheus }, () => {
  let tocsin: Installation;
  let monitoring: Monitoring;
  before(async () => {
    tocsin = await startInstallation();
    const port = await freePort();
    tocsin.env['TOCSIN_INTAKE_PORT'] = String(port);
    await Promise.all([tocsin.startReady('intake'), tocsin.startReady('trigger')]);
    monitoring = await startMonitoring({
      dir: join(tocsin.servers.dir, 'monitoring'),
      alertname: 'ServiceDown',
      labels: { service: 'checkout', severity: 'critical' },
      webhook: `http://127.0.0.1:${port}/in/alertmanager`,
    });
  });
  after(async () => {
    await monitoring?.stop();
    await tocsin?.stop();
  });

  const recordOf = async (type: string): Promise<EventRecord | undefined> =>
    (await tocsin.records()).find(({ event }) => event.type === type);
  const alertOf = async ({ position }: EventRecord): Promise<Alert> => {
    const stored = await tocsin.log.get(position.stream, position.sequence);
    return (JSON.parse(Buffer.from(stored?.data ?? []).toString()) as CloudEvent).data as Alert;
  };

  it('an alert fires and a run starts; it resolves and the run is told', async () => {
    monitoring.setHealthy(false);
    const firing = await until('the alert has fired', () => recordOf('tocsin.alert.firing'));
    assert.deepEqual(
      firing.dispositions.map(({ kind, trigger }) => [trigger, kind]),
      [['restart-service', 'started']],
    );
    monitoring.setHealthy(true);
    const resolved = await until('the alert is resolved', () => recordOf('tocsin.alert.resolved'));
    assert.deepEqual(
      resolved.dispositions.map((each) => (each.kind === 'joined' ? each.run : each.kind)),
      ['told'],
    );

    const [before, afterwards] = [await alertOf(firing), await alertOf(resolved)];
    assert.equal(before.alertKey, afterwards.alertKey);
    assert.deepEqual(
      [before.name, before.labels['service'], before.severity.text],
      ['ServiceDown', 'checkout', 'critical'],
    );
    assert.equal(before.time.started, afterwards.time.started);
    assert.ok(
      before.time.ended === null && Date.parse(afterwards.time.ended ?? '') > Date.parse(before.time.started ?? ''),
    );
    const raw = await readRaw(tocsin.log, before.raw.ref ?? '');
    assert.match(Buffer.from(raw?.bytes ?? []).toString(), /^\{"receiver":"tocsin","status":"firing"/);
    const report = await tocsin.audit();
    assert.deepEqual(report.offenders, []);
  });
});
