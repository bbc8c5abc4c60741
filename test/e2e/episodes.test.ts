import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { msToTs } from '@temporalio/common/lib/time.js';
import { pino } from 'pino';
import { Type } from 'typebox';
import { defineTrigger } from '../../triggers/define-trigger.ts';
import { alertType } from '../../triggers/events/event-type.ts';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { createSweeper } from '../../triggers/path/sweeper.ts';
import { type TriggerProcess, createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import { RESOLVED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { type PayloadOptions, storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

const labels = Type.Object({ service: Type.String() });
const triggers = [
  defineTrigger({
    id: 'restart',
    on: alertType('ServiceDown', labels),
    run: 'restartService',
    input: ({ data }) => ({ service: data.labels.service }),
  }),
  defineTrigger({
    id: 'again',
    on: alertType('Flaky', labels),
    run: 'restartService',
    input: ({ data }) => ({ service: data.labels.service }),
    onFailure: { kind: 'again', after: '0 ms', max: 2 },
  }),
];
/** Longer than a test takes between two events, so that "soon after a resolve" is decided by the events' own times. */
const REORDER_BOUND_MS = 60_000;

/** A server keeps closed runs for an hour at least, and half an hour more by chance, unless it is told otherwise. */
const ANY_RETENTION = { 'system.namespaceMinRetentionLocal': '1s', 'history.retentionTimerJitterDuration': '1s' };

let tocsin: Installation;
let process: TriggerProcess;
before(async () => {
  tocsin = await startInstallation({ temporalSettings: ANY_RETENTION });
  process = triggerProcess(REORDER_BOUND_MS);
  process.start();
});
after(async () => {
  await process.close(10_000);
  await tocsin.stop();
});

function triggerProcess(reorderBoundMs: number): TriggerProcess {
  const { client, servers, path, region } = tocsin;
  return createTriggerProcess({
    ...path,
    regions: [region],
    engine: createEngine({ client, namespace: servers.namespace }),
    triggers,
    options: { reorderBoundMs, maxInFlight: 16, ackWaitMs: 3_000 },
    instance: 'test',
    logger: pino({ level: 'silent' }),
  });
}

/** Store one alert and wait for its record: what follows happens after it. */
async function send(status: 'firing' | 'resolved', options: PayloadOptions): Promise<EventRecord> {
  const { ack, event } = await storeAlert(tocsin.log, tocsin.region, status, options);
  const position = { stream: ack.stream, sequence: ack.sequence, storedAt: 0 };
  return until(`record of #${ack.sequence}`, () => tocsin.path.ledger.find(event.partitionkey ?? '', position));
}

const kinds = ({ dispositions }: EventRecord): string[] =>
  dispositions.map((each) => ('reason' in each ? `${each.kind}(${each.reason})` : each.kind));

const startedRun = ({ dispositions }: EventRecord): string => {
  const started = dispositions.find(({ kind }) => kind === 'started');
  assert.ok(started?.kind === 'started', `expected a start, got ${JSON.stringify(dispositions)}`);
  return started.workflowId;
};

async function signalsOf(workflowId: string): Promise<number> {
  const { events } = await tocsin.client.workflow.getHandle(workflowId).fetchHistory();
  const signals = events?.filter(
    (event) => event.workflowExecutionSignaledEventAttributes?.signalName === RESOLVED_SIGNAL,
  );
  return signals?.length ?? 0;
}

describe('episodes', () => {
  it('resolved before firing: the firing is older and starts nothing', async () => {
    const instance = 'before';
    await send('resolved', { instance, startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-01-01T00:10:00Z' });
    const record = await send('firing', { instance, startsAt: '2026-01-01T00:00:00Z' });
    assert.deepEqual(kinds(record), ['ignored(superseded)']);
  });

  it('resolved during the run: the run is told', async () => {
    const instance = 'during';
    const workflowId = startedRun(await send('firing', { instance }));
    const record = await send('resolved', { instance, endsAt: '2026-01-01T00:10:00Z' });
    assert.equal(record.episode?.effect, 'closed');
    assert.equal(await signalsOf(workflowId), 1);
  });

  it('resolved after the run: nobody is left to be told', async () => {
    const instance = 'after';
    const workflowId = startedRun(await send('firing', { instance }));
    await tocsin.client.workflow.getHandle(workflowId).terminate('over');
    const record = await send('resolved', { instance, endsAt: '2026-01-01T00:10:00Z' });
    const [told] = record.dispositions;
    assert.ok(told?.kind === 'joined');
    assert.equal(told.run, 'done');
  });

  it('a resolve without start time closes the episode by its key', async () => {
    const instance = 'no start';
    const workflowId = startedRun(await send('firing', { instance }));
    const record = await send('resolved', { instance, startsAt: null });
    assert.equal(record.episode?.effect, 'closed');
    assert.equal(await signalsOf(workflowId), 1);
  });

  it('two senders with different starts are one episode', async () => {
    const instance = 'ha';
    startedRun(await send('firing', { instance, startsAt: '2026-01-01T00:00:00Z' }));
    const record = await send('firing', { instance, startsAt: '2026-01-01T00:00:07Z' });
    assert.deepEqual(kinds(record), ['joined']);
    assert.equal(record.episode?.generation, 1);
  });

  it('a false resolve, then firing again with newer evidence: a second run', async () => {
    const instance = 'flap';
    const first = startedRun(await send('firing', { instance, startsAt: '2026-01-01T00:00:00Z' }));
    await send('resolved', { instance, startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-01-01T00:10:00Z' });
    const record = await send('firing', { instance, startsAt: '2026-01-01T00:11:00Z' });
    assert.notEqual(startedRun(record), first);
    assert.equal(record.episode?.generation, 2);
  });

  it('a false resolve, then the same firing after the reorder bound: a second run', async () => {
    const instance = 'cut off';
    const first = startedRun(await send('firing', { instance }));
    await send('resolved', { instance, endsAt: '2026-01-01T00:10:00Z' });
    await process.close(10_000);
    process = triggerProcess(0);
    process.start();
    const record = await send('firing', { instance });
    assert.notEqual(startedRun(record), first);
    await process.close(10_000);
    process = triggerProcess(REORDER_BOUND_MS);
    process.start();
  });

  it('a failed run, then firing on: only told to a human by default, another attempt when the trigger says so', async () => {
    const restart = startedRun(await send('firing', { instance: 'failed' }));
    const again = startedRun(await send('firing', { name: 'Flaky', instance: 'failed' }));
    for (const id of [restart, again]) await tocsin.client.workflow.getHandle(id).terminate('failed');
    await sweepUntilFailed(restart, again);
    assert.deepEqual(kinds(await send('firing', { instance: 'failed' })), ['joined']);
    const second = startedRun(await send('firing', { name: 'Flaky', instance: 'failed' }));
    assert.match(second, /#1\.2~/);
    await tocsin.client.workflow.getHandle(second).terminate('failed');
    await sweepUntilFailed(second);
    assert.deepEqual(
      kinds(await send('firing', { name: 'Flaky', instance: 'failed' })),
      ['joined'],
      'at most two attempts',
    );
  });

  it('the audit finds nothing amiss', async () => assert.deepEqual((await tocsin.audit()).offenders, []));

  // The last one, because the server forgets all runs so soon from here on.
  it('firing for longer than the retention of runs, here a second: the run is purged, and there is still one', async () => {
    await forgetRunsSoon();
    const instance = 'weeks';
    const workflowId = startedRun(await send('firing', { instance }));
    await tocsin.client.workflow.getHandle(workflowId).terminate('over');
    await until('the run is purged', async () => (await tocsin.runs.find(workflowId)) === null);
    const record = await send('firing', { instance });
    assert.deepEqual(kinds(record), ['joined']);
    assert.equal(await tocsin.runs.find(workflowId), null);
    assert.deepEqual((await tocsin.audit()).offenders, [], 'what is older than the retention is gone rightly');
  });
});

/** Resolves when the server does so: its parts keep what they know of a namespace for some seconds. */
async function forgetRunsSoon(): Promise<void> {
  const { client, servers, runs } = tocsin;
  await client.workflowService.updateNamespace({
    namespace: servers.namespace,
    config: { workflowExecutionRetentionTtl: msToTs('1s') },
  });
  let probes = 0;
  await until('closed runs are purged', async () => {
    probes += 1;
    const workflowId = `probe-${probes}`;
    await client.workflow.start('nobody', { workflowId, taskQueue: 'nobody' });
    await client.workflow.getHandle(workflowId).terminate();
    return until('the probe is purged', async () => (await runs.find(workflowId)) === null, 5_000);
  });
}

async function sweepUntilFailed(...workflowIds: readonly string[]): Promise<void> {
  const sweeper = createSweeper({
    ...tocsin.path,
    runs: tocsin.runs,
    logger: pino({ level: 'silent' }),
    everyMs: 1_000,
    windowMs: 3_600_000,
  });
  const found = new Set<string>();
  await until(`the sweeper records ${workflowIds.join(', ')}`, async () => {
    for (const record of await sweeper.sweep()) found.add(record.workflowId);
    return workflowIds.every((id) => found.has(id));
  });
}
