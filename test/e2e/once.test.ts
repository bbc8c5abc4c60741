import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { type Installation, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

const REPLICAS = 3;
const COPIES = 100;

let tocsin: Installation;
before(async () => {
  tocsin = await startInstallation({ duplicateWindow: '100ms', ackWait: '3s' });
});
after(() => tocsin.stop());

it('once: the same alert 100 times over 3 replicas that are killed in the middle is 1 run, 100 records, 1 effect', async () => {
  const { log, region, service } = tocsin;
  await service.exhaust();
  const [first] = await Promise.all([startReplicas(), tocsin.startReady('worker')]);
  for (let copy = 0; copy < COPIES / 2; copy += 1) await storeAlert(log, region, 'firing');
  await until('a record is there', async () => (await tocsin.records()).length > 0);
  const rest = (async () => {
    for (let copy = COPIES / 2; copy < COPIES; copy += 1) await storeAlert(log, region, 'firing');
  })();
  await Promise.all(first.map((replica) => replica.kill()));
  await startReplicas();
  await rest;

  const records = await until('every copy is recorded', async () => {
    const found = await tocsin.records();
    return found.length >= COPIES && found;
  });
  assert.equal(records.length, COPIES);
  const dispositions = records.flatMap((record) => record.dispositions);
  const started = dispositions.filter(({ kind }) => kind === 'started');
  assert.equal(started.length, 1);
  assert.equal(dispositions.filter(({ kind }) => kind === 'joined').length, COPIES - 1);

  await until('the run is closed', async () => {
    for await (const run of tocsin.runs.closedSince(0)) return run;
    return null;
  });
  const runs = [];
  for await (const run of tocsin.runs.startedSince(0)) runs.push(run);
  assert.deepEqual(
    runs.map(({ status }) => status),
    ['completed'],
  );
  assert.equal(service.effects().filter(({ action }) => action === 'restart').length, 1);
  const report = await tocsin.audit();
  assert.deepEqual(report.offenders, []);
  assert.deepEqual([report.counts.stored, report.counts.recorded, report.counts.pending], [COPIES, COPIES, 0]);
});

const startReplicas = () => Promise.all(Array.from({ length: REPLICAS }, () => tocsin.startReady('trigger')));
