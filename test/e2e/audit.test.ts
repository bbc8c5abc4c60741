import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventStream, laneConsumer } from '../../triggers/nats/subject.ts';
import { type AuditOptions, type AuditReport, audit } from '../../triggers/path/audit.ts';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import type { RegionPath } from '../../workers/region-path.ts';
import { type PathServers, startPathServers, startRequest } from '../support/path-servers.ts';
import { storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

let servers: PathServers;
before(async () => {
  servers = await startPathServers();
});
after(() => servers.stop());

/** Later than visibility lags behind, so that the runs of this test count. */
const LATER_MS = 60_000;
const DAY_MS = 86_400_000;

const check = (path: RegionPath, options: Partial<AuditOptions> = {}): Promise<AuditReport> =>
  audit({
    ...path,
    runs: servers.runs,
    since: 0,
    repair: false,
    instance: 'test',
    now: () => Date.now() + LATER_MS,
    ...options,
  });

const offendersOf = ({ offenders }: AuditReport): string[] =>
  offenders.map(({ kind, what, repaired }) => `${repaired ? 'repaired ' : ''}${kind} ${what}`).toSorted();

/** Take everything of the urgent lane and acknowledge it without a record: what must never happen. */
async function acknowledgeAll({ region, log }: RegionPath, upTo: number): Promise<void> {
  const consume = { stream: eventStream(region), consumer: laneConsumer('urgent'), maxInFlight: 10 };
  const consumption = await log.consume(consume, (delivery) => delivery.ack());
  await until('everything is acknowledged', async () => {
    const { ackFloor } = await log.consumerState(consume.stream, consume.consumer);
    return ackFloor >= upTo;
  });
  await consumption.close(5_000);
}

/** Start a run of the event at `sequence` and wait until visibility shows it. */
async function startRun(path: RegionPath, sequence: number, trigger: string): Promise<string> {
  const request = startRequest(path.region, sequence, { trigger });
  await servers.engine.start(request);
  await until(`visibility shows ${request.workflowId}`, async () => {
    for await (const { workflowId } of servers.runs.startedSince(0)) if (workflowId === request.workflowId) return true;
    return false;
  });
  return request.workflowId;
}

function recordOf(
  { region }: RegionPath,
  sequence: number,
  workflowIds: readonly string[],
  recordedAt = Date.now(),
): EventRecord {
  return {
    kind: 'event',
    position: { stream: eventStream(region), sequence, storedAt: recordedAt },
    event: {
      id: `event-${sequence}`,
      type: 'tocsin.alert.firing',
      source: 'test',
      alertKey: `key-${sequence}`,
      title: null,
      labels: {},
    },
    episode: { effect: 'opened', generation: 1 },
    dispositions: workflowIds.map((workflowId) => ({
      trigger: 'restart',
      kind: 'started',
      workflowId,
      runId: 'run',
      generation: 1,
    })),
    triggerSet: 'set',
    recordedAt: new Date(recordedAt).toISOString(),
    recordedBy: 'test',
  };
}

describe('audit', () => {
  it('an event that waits is pending, not lost', async () => {
    const path = await servers.newRegion('waiting');
    await storeAlert(servers.log, path.region, 'firing');
    const report = await check(path);
    assert.deepEqual(report.counts, { stored: 1, recorded: 0, pending: 1, started: 0, runs: 0 });
    assert.equal(report.ok, true);
  });

  it('an event that was acknowledged without a record is named', async () => {
    const path = await servers.newRegion('acked');
    const { ack } = await storeAlert(servers.log, path.region, 'firing');
    await acknowledgeAll(path, ack.sequence);
    const report = await check(path, { repair: true });
    assert.deepEqual(offendersOf(report), [`acked-without-record ${eventStream(path.region)} #${ack.sequence}`]);
    assert.equal(report.ok, false);
  });

  it('a run whose event is still to be recorded is left alone, also when the event is older than the span looked at', async () => {
    const path = await servers.newRegion('between');
    const { ack } = await storeAlert(servers.log, path.region, 'firing');
    const since = Date.now();
    await startRun(path, ack.sequence, 'restart');
    for (const from of [0, since]) assert.deepEqual(offendersOf(await check(path, { since: from, repair: true })), []);
    const position = { stream: ack.stream, sequence: ack.sequence, storedAt: 0 };
    assert.equal(
      await path.ledger.find(`key-${ack.sequence}`, position),
      null,
      'the event comes back for its other triggers',
    );
  });

  it('repair adopts all runs of an event in one record, once', async () => {
    const path = await servers.newRegion('orphans');
    const { ack } = await storeAlert(servers.log, path.region, 'firing');
    const ids = [await startRun(path, ack.sequence, 'restart'), await startRun(path, ack.sequence, 'page')];
    await acknowledgeAll(path, ack.sequence);
    const lost = `acked-without-record ${eventStream(path.region)} #${ack.sequence}`;
    const orphans = ids.map((id) => `run-without-record ${id}`);
    assert.deepEqual(offendersOf(await check(path)), [lost, ...orphans].toSorted());
    const repaired = await check(path, { repair: true });
    assert.deepEqual(offendersOf(repaired), [lost, ...orphans].map((each) => `repaired ${each}`).toSorted());
    assert.equal(repaired.ok, true);
    const record = await path.ledger.find(`key-${ack.sequence}`, { ...ack, storedAt: 0 });
    assert.equal(record?.adopted, true);
    assert.equal(record.recordedBy, 'test');
    const again = await check(path);
    assert.deepEqual([again.offenders, again.counts.recorded], [[], 1]);
  });

  it('a start that Temporal does not know is named, unless its retention may be over', async () => {
    const path = await servers.newRegion('unknown');
    const sequences = { fresh: 1, old: 2 };
    await path.ledger.record(recordOf(path, sequences.fresh, ['restart/never']));
    await path.ledger.record(recordOf(path, sequences.old, ['restart/long-ago'], Date.now() - 30 * DAY_MS));
    assert.deepEqual(offendersOf(await check(path)), ['started-without-run restart/never']);
  });

  it('a run that its event’s record does not name is named', async () => {
    const path = await servers.newRegion('unnamed');
    const { ack } = await storeAlert(servers.log, path.region, 'firing');
    const workflowId = await startRun(path, ack.sequence, 'restart');
    await path.ledger.record(recordOf(path, ack.sequence, []));
    assert.deepEqual(offendersOf(await check(path, { repair: true })), [`run-not-in-its-record ${workflowId}`]);
  });

  it('a run whose event came again only after its alert had fired anew is no offender: its record says superseded', async () => {
    const path = await servers.newRegion('overtaken');
    const [first, second] = [
      await storeAlert(servers.log, path.region, 'firing'),
      await storeAlert(servers.log, path.region, 'firing', { startsAt: '2026-01-02T00:00:00Z' }),
    ];
    await startRun(path, first.ack.sequence, 'restart');
    const wrong = await startRun(path, second.ack.sequence, 'restart');
    const superseded = (sequence: number, generation: number): EventRecord => ({
      ...recordOf(path, sequence, []),
      episode: { effect: 'none', generation },
      dispositions: [{ trigger: 'restart', kind: 'ignored', reason: 'superseded' }],
    });
    await path.ledger.record(superseded(first.ack.sequence, 2));
    await path.ledger.record(superseded(second.ack.sequence, 1));
    assert.deepEqual(
      offendersOf(await check(path)),
      [`run-not-in-its-record ${wrong}`],
      'the episode of this one was not overtaken',
    );
  });
});
