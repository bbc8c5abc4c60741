import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { stringify } from 'yaml';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import { heldAlerts } from '../../triggers/path/held.ts';
import { putBack } from '../../triggers/path/put-back.ts';
import { createStaleCheck } from '../../triggers/path/stale-check.ts';
import { createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import { restartServiceTrigger } from '../../triggers/restart-service.ts';
import { alertSources } from '../../workers/alert-sources.ts';
import { loadConfig } from '../../workers/config.ts';
import type { RegionPath } from '../../workers/region-path.ts';
import { lacksPrometheus, startMonitoring } from '../support/monitoring.ts';
import { type PathServers, startPathServers } from '../support/path-servers.ts';
import { storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

const MINUTE = 60_000;
const ALERTS = 30;

let servers: PathServers;
before(async () => {
  servers = await startPathServers();
});
after(() => servers.stop());

/** A trigger process that comes back this long after the events were stored. */
function comesBack(path: RegionPath, afterMs: number) {
  const process = createTriggerProcess({
    ...path,
    regions: [path.region],
    engine: servers.engine,
    triggers: [restartServiceTrigger],
    options: { reorderBoundMs: 0, maxInFlight: 16, ackWaitMs: 30_000, catchUpPerMinute: 1_200 },
    instance: 'test',
    logger: pino({ level: 'silent' }),
    now: () => Date.now() + afterMs,
  });
  process.start();
  return process;
}

async function recordsOf(path: RegionPath): Promise<EventRecord[]> {
  const records: EventRecord[] = [];
  for await (const record of path.ledger.read({})) if (record.kind === 'event') records.push(record);
  return records;
}

const outcomes = (records: readonly EventRecord[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { dispositions } of records)
    for (const each of dispositions) {
      const name = 'reason' in each ? `${each.kind}(${each.reason})` : each.kind;
      counts[name] = (counts[name] ?? 0) + 1;
    }
  return counts;
};

describe('a backlog after an outage', () => {
  it('is folded to the last word about each alert: what still fires runs once, what has resolved does not run', async () => {
    const path = await servers.newRegion('late-one');
    const send = (status: 'firing' | 'resolved', index: number) =>
      storeAlert(servers.log, path.region, status, {
        instance: `late ${index}`,
        severity: index % 3 === 0 ? 'critical' : 'warning',
      });
    for (let index = 0; index < ALERTS; index += 1) {
      await send('firing', index);
      if (index % 2 === 0) await send('firing', index);
      else await send('resolved', index);
    }
    const process = comesBack(path, 60 * MINUTE);
    try {
      const records = await until('every event has a record', async () => {
        const all = await recordsOf(path);
        return all.length === 2 * ALERTS ? all : null;
      });
      assert.deepEqual(outcomes(records), { started: ALERTS / 2, 'ignored(folded)': ALERTS });
      const detail = records.flatMap(({ dispositions }) => dispositions).find(({ kind }) => kind === 'ignored');
      assert.match(detail !== undefined && 'detail' in detail ? (detail.detail ?? '') : '', /^waited 1h; .* decides$/);
    } finally {
      await process.close(10_000);
    }
  });

  it('of which the oldest cannot be verified is held for a human, who lets it go', async () => {
    const path = await servers.newRegion('late-two');
    await storeAlert(servers.log, path.region, 'firing', { instance: 'ancient' });
    const process = comesBack(path, 180 * MINUTE);
    try {
      const [held] = await until('it is held', async () => {
        const all = await heldAlerts(path, { since: 0 });
        return all.length === 1 ? all : null;
      });
      assert.deepEqual([held?.reason, held?.state], ['stale', 'open']);
      assert.ok(held);
      assert.ok(await putBack(servers.log, { position: held.newest, trigger: held.trigger }, Date.now()));
      await until('it has started', async () => (await heldAlerts(path, { since: 0 }))[0]?.state === 'started');
    } finally {
      await process.close(10_000);
    }
  });

  it(
    'is asked about at its Alertmanager: what still fires runs, what does not is over',
    { skip: lacksPrometheus },
    async () => {
      const path = await servers.newRegion('late-three');
      const dir = mkdtempSync(join(tmpdir(), 'tocsin-late-'));
      const labels = { service: 'checkout', severity: 'critical' };
      const monitoring = await startMonitoring({
        dir: join(dir, 'monitoring'),
        labels,
        alertname: 'Unused',
        webhook: 'http://127.0.0.1:9/',
      });
      const process = comesBack(path, 180 * MINUTE);
      try {
        const told = await fetch(`${monitoring.alertmanagerUrl}/api/v2/alerts`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify([{ labels: { alertname: 'ServiceDown', instance: 'still', ...labels } }]),
        });
        assert.equal(told.status, 200);
        for (const instance of ['still', 'gone']) await storeAlert(servers.log, path.region, 'firing', { instance });
        await until('both are held', async () => (await heldAlerts(path, { since: 0 })).length === 2);
        const file = join(dir, 'tocsin.yaml');
        const { origin } = new URL(monitoring.alertmanagerUrl);
        writeFileSync(
          file,
          stringify({
            regions: [path.region],
            intake: { senders: [{ name: 'am', kind: 'alertmanager', auth: { kind: 'none' } }] },
            monitoring: [{ region: path.region, alertmanager: origin, answersFor: ['am'] }],
            http: { allow: [{ origin, private: true }] },
          }),
        );
        // To it, the Alertmanager has been up for a while.
        const now = (): number => Date.now() + 180 * MINUTE;
        const check = createStaleCheck({
          ...path,
          sources: alertSources(loadConfig({ file, env: {} }), path.region, now),
          perMinute: 600,
          logger: pino({ level: 'silent' }),
        });
        assert.equal(await check.look(), 2);
        const records = await until('both are decided', async () => {
          const all = await recordsOf(path);
          return all.length === 4 ? all : null;
        });
        assert.deepEqual(outcomes(records), { 'held(stale)': 2, started: 1, 'ignored(over)': 1 });
        assert.equal(await check.look(), 0, 'once');
        const states = (await heldAlerts(path, { since: 0 })).map(({ state }) => state);
        assert.deepEqual(states.toSorted(), ['resolved', 'started']);
        const started = records.find(({ dispositions }) => dispositions.some(({ kind }) => kind === 'started'));
        assert.equal(started?.event.labels['instance'], 'still');
        assert.deepEqual(
          [started?.asked?.says, started?.asked?.why],
          ['fires', 'Alertmanager says that it still fires'],
        );
      } finally {
        await process.close(10_000);
        await monitoring.stop();
        rmSync(dir, { recursive: true, force: true });
      }
    },
  );
});
