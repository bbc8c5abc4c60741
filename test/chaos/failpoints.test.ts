import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream, eventSubject } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { audit } from '../../triggers/path/audit.ts';
import type { LedgerRecord } from '../../triggers/path/disposition.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { createRuns } from '../../triggers/path/runs.ts';
import { EVENT_SIGNAL, RESOLVED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { regionPath } from '../../workers/region-path.ts';
import { FAULTS, type Failpoint, type Fault } from '../support/failpoint.ts';
import type { FailpointSettings } from '../support/failpoint-process.ts';
import { storeAlert } from '../support/payloads.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

/** Methods that the path from event to record does not use, with who does. A new method is on neither list until somebody decides. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'log.get': 'commands',
  'log.follow': 'tail',
  'log.serverState': 'doctor',
  'log.read': 'commands; and where the ledger is read',
  'log.remove': 'commands',
  'log.consumerState': 'audit, metrics',
  'log.ensureTopology': 'provisioning',
  'log.ping': 'readiness of the intake',
  'log.closed': 'lifecycle',
  'log.close': 'shutdown',
  'delivery.working': 'a timer of long dispatches; losing it only brings the message back earlier',
  'ledger.read': 'audit, explain; and the path behind a resolve that was handled late',
  'deadLetters.list': 'commands',
  'deadLetters.show': 'commands',
  'deadLetters.redrive': 'commands',
  'deadLetters.discard': 'commands',
  'attempts.fail': 'a message that fails although every server is there; none does here',
  'control.change': 'commands',
  'control.update': 'commands',
  'runs.find': 'audit, explain',
  'runs.plan': 'explain',
  'runs.startedSince': 'audit',
  'runs.retentionMs': 'audit',
  'runs.endedByStop': 'commands',
  'runs.endsAt': 'notifier',
  'runs.stopped': 'notifier',
  'runs.stuck': 'the sweeper, of runs older than half a minute',
};
/** Written out only to name the cases before servers run; the first test proves that it is what the path really calls. */
const ON_PATH = [
  'log.publish',
  'log.consume',
  'log.last',
  'log.next',
  'log.streamState',
  'delivery.ack',
  'delivery.nak',
  'book.read',
  'book.write',
  'ledger.find',
  'ledger.record',
  'ledger.recordRun',
  'ledger.probe',
  'deadLetters.bury',
  'attempts.begin',
  'attempts.end',
  'control.read',
  'engine.start',
  'engine.signalResolved',
  'engine.signalEvent',
  'engine.ping',
  'runs.closedSince',
  'runs.openBefore',
  'runs.failure',
];

/** Called when a resolve is handled late or a dispatch takes long, which a busy machine decides. */
const SOMETIMES: ReadonlySet<string> = new Set(['ledger.read', 'log.read', 'delivery.working']);

let servers: TestServers;
let log: EventLog;
let client: Client;
let connection: Connection;
const children = new Set<ChildProcess>();
before(async () => {
  servers = await startTestServers({ nats: true, temporal: true });
  log = await connectLog({ servers: servers.natsUrl, name: 'test' });
  connection = await Connection.connect({ address: servers.temporalAddress });
  client = new Client({ connection });
});
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await log.close();
  await connection.close();
  await servers.stopAll();
});

describe('failpoints', { concurrency: 3 }, () => {
  it('every method of every port is either on the path, and has its cases, or is named as used elsewhere', async () => {
    const calls = await scenario('trace', []);
    const always = [...calls].filter((call) => !SOMETIMES.has(call));
    assert.deepEqual(always.toSorted(), ON_PATH.toSorted());
    const path = regionPath('trace', log);
    const ports = {
      log,
      book: path.book,
      ledger: path.ledger,
      deadLetters: path.deadLetters,
      attempts: path.attempts,
      control: path.control,
      engine: createEngine({ client, namespace: 'default' }),
      runs: createRuns({ client, namespace: 'default' }),
    };
    const methods = Object.entries(ports).flatMap(([name, port]) =>
      Object.keys(port).map((method) => `${name}.${method}`),
    );
    const delivery = ['delivery.ack', 'delivery.nak', 'delivery.working'];
    const expected = [...ON_PATH, ...Object.keys(ELSEWHERE)].toSorted();
    assert.deepEqual([...methods, ...delivery].toSorted(), expected);
  });

  for (const at of ON_PATH)
    for (const fault of FAULTS)
      it(`${at}, ${fault}`, async () => {
        await scenario(`${at}-${fault}`.replaceAll('.', '-').toLowerCase(), [{ at, fault }]);
      });
});

/** An alert that is resolved, one whose run fails, and a message nobody can read; with the process dying where it is told to. */
async function scenario(
  region: string,
  wanted: readonly { readonly at: string; readonly fault: Fault }[],
): Promise<ReadonlySet<string>> {
  await log.ensureTopology(topologyOf(region), true);
  const path = regionPath(region, log);
  const runs = createRuns({ client, namespace: 'default' });
  const file = (name: string): string => join(servers.dir, `${region}.${name}`);
  // One transient failure in every scenario, so that giving back and trying again are on the path as well.
  const transient: Failpoint = { at: 'ledger.find', fault: 'reply-lost', marker: file('transient') };
  const failpoints = [transient, ...wanted.map((each) => ({ ...each, marker: file('failpoint') }))];
  const supervisor = supervise({
    natsUrl: servers.natsUrl,
    temporalAddress: servers.temporalAddress,
    region,
    failpoints,
    logFile: file('log'),
    callsFile: file('calls'),
  });
  try {
    const resolving = await storeAlert(log, region, 'firing', { instance: `${region} resolving` });
    await storeAlert(log, region, 'firing', { instance: `${region} failing` });
    await log.publish(eventSubject(region, 'normal', 'nats', 'x'), Buffer.from('not json'));
    const opened = await until('both episodes have a run', async () => {
      const found = (await collect(runs.startedSince(0))).filter(
        ({ context }) => context?.event?.stream === eventStream(region),
      );
      return found.length === 2 && found;
    });
    const failing = opened.find(({ context }) => context?.alertKey !== resolving.event.partitionkey);
    const told = opened.find(({ context }) => context?.alertKey === resolving.event.partitionkey);
    assert.ok(failing && told);
    await client.workflow.getHandle(failing.workflowId).terminate('failed');
    const forRun = {
      specversion: '1.0',
      id: region,
      source: '/test',
      type: 'com.example.told',
      forrun: told.workflowId,
    };
    await log.publish(eventSubject(region, 'normal', 'nats', 'told'), Buffer.from(JSON.stringify(forRun)));
    await storeAlert(log, region, 'resolved', { instance: `${region} resolving`, endsAt: '2026-01-01T00:10:00Z' });

    await until('five events and a closed run are recorded', async () => {
      const records: LedgerRecord[] = await collect(path.ledger.read({}));
      const events = records.filter(({ kind }) => kind === 'event');
      return events.length === 5 && records.some(({ kind }) => kind === 'run');
    });
    await until('everything is acknowledged', async () => {
      const urgent = await log.consumerState(eventStream(region), 'trigger-urgent');
      const normal = await log.consumerState(eventStream(region), 'trigger-normal');
      return urgent.pending + urgent.ackPending + normal.pending + normal.ackPending === 0;
    });
    if (wanted.length > 0) await until('the failpoint was reached', () => existsSync(file('failpoint')));
    const after = (await collect(runs.startedSince(0))).filter(
      ({ context }) => context?.event?.stream === eventStream(region),
    );
    assert.equal(after.length, 2, 'one run for each episode');
    const { events } = await client.workflow.getHandle(told.workflowId).fetchHistory();
    const signals = events?.filter(
      (event) => event.workflowExecutionSignaledEventAttributes?.signalName === RESOLVED_SIGNAL,
    );
    assert.ok((signals?.length ?? 0) >= 1, 'the run knows that its alert is resolved');
    assert.ok(
      events?.some((event) => event.workflowExecutionSignaledEventAttributes?.signalName === EVENT_SIGNAL),
      'the run has the event that names it',
    );
    assert.equal((await collect(path.deadLetters.list())).length, 1, 'one dead letter');
    const noted = await until('the failure is in the book', async () => {
      const { episode } = await path.book.read(failing.context?.alertKey ?? '');
      return episode?.triggers['restart-service']?.failedAt;
    });
    assert.ok(noted > 0);
    const report = await audit({ ...path, runs, since: 0, repair: false, instance: 'test' });
    assert.deepEqual(report.offenders, []);
    assert.deepEqual(report.counts, { stored: 5, recorded: 5, pending: 0, started: 2, runs: report.counts.runs });
  } catch (error) {
    const words = existsSync(file('log')) ? readFileSync(file('log'), 'utf8').split('\n').slice(-15).join('\n') : '';
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${words}`, { cause: error });
  } finally {
    await supervisor.stop();
  }
  // A process that died at the very end may be stopped before it could note anything.
  return new Set(existsSync(file('calls')) ? (JSON.parse(readFileSync(file('calls'), 'utf8')) as string[]) : []);
}

/** Starts the process anew whenever it dies, as an init system would. */
function supervise(settings: FailpointSettings) {
  let stopping = false;
  let current: ChildProcess;
  const begin = (): void => {
    current = spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, '../support/failpoint-process.ts'), JSON.stringify(settings)],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    children.add(current);
    const child = current;
    child.once('exit', () => {
      children.delete(child);
      if (!stopping) begin();
    });
  };
  begin();
  return {
    stop: async () => {
      stopping = true;
      if (current.exitCode !== null || current.signalCode !== null) return;
      const gone = once(current, 'exit');
      current.kill('SIGTERM');
      await gone;
    },
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Small streams: one region for each case fits beside the others. */
const topologyOf = (region: string) =>
  regionTopology(region, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 1_500 }).map((spec) => ({
    ...spec,
    maxBytes: 64 * 1_048_576,
  }));
