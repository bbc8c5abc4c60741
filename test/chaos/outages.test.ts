import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { LANES, eventStream, laneConsumer } from '../../triggers/nats/subject.ts';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { alertmanagerPayload, storeAlert } from '../support/payloads.ts';
import { cpuMs } from '../support/process-cost.ts';
import { until } from '../support/until.ts';
import { freePort } from '../../workers/servers/server-process.ts';

const OUTAGE_MS = 60_000;
const EVENTS = 500;
const LOOK_EVERY_MS = 1_000;

let tocsin: Installation;
let roles: RoleProcess[] = [];
let intakePort: number;
before(async () => {
  tocsin = await startInstallation();
  intakePort = await freePort();
  tocsin.env['TOCSIN_INTAKE_PORT'] = String(intakePort);
});
afterEach(async () => {
  await Promise.all(roles.map((role) => role.kill()));
  roles = [];
  // A test that has failed must not make the next ones fail.
  for (const server of [tocsin.servers.nats, tocsin.servers.temporal]) if (server.pid() === null) await server.start();
});
after(() => tocsin.stop());

describe('outages', () => {
  it('servers and processes may be started in any order (24 permutations, the intake before or behind all)', async () => {
    for (const [index, order] of permutations(['nats', 'temporal', 'trigger', 'worker']).entries()) {
      await Promise.all([
        tocsin.servers.nats.kill(),
        tocsin.servers.temporal.stop(),
        ...roles.map((role) => role.kill()),
      ]);
      roles = [];
      for (const part of index % 2 === 0 ? ['intake', ...order] : [...order, 'intake']) {
        if (part === 'nats' || part === 'temporal') await tocsin.servers[part].start();
        else roles.push(await tocsin.startRole(part));
      }
      const instance = `order ${order.join(' ')}`;
      const dead = roles.map((role) => role.ended.then((how) => assert.fail(`a process ended: ${how}`)));
      await Promise.race([postUntilStored(instance), ...dead]);
      for (const each of dead) each.catch(() => undefined);
      await until(`${instance}: the run is completed`, async () => {
        const [record] = (await tocsin.records()).filter(({ event }) => event.labels['instance'] === instance);
        const [started] = record?.dispositions ?? [];
        return started?.kind === 'started' && (await tocsin.runs.find(started.workflowId))?.status === 'completed';
      });
      await until(`${instance}: ready`, async () =>
        (await Promise.all(roles.map((role) => role.ready()))).every(Boolean),
      );
    }
  });

  it(`Temporal is away for a minute while ${EVENTS} events arrive: kept, not circulated, all run when it is back`, async () => {
    const before = (await tocsin.records()).length;
    const [trigger, worker] = await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
    roles.push(trigger, worker);
    await tocsin.servers.temporal.stop();
    for (let index = 0; index < EVENTS; index += 1)
      await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: `temporal ${index}` });
    await until('both say that they are not ready', async () => !(await trigger.ready()) && !(await worker.ready()));
    await staysCalm(roles, async () => {
      assert.equal(await trigger.ready(), false, 'not ready while Temporal is away');
      assert.equal(await worker.ready(), false, 'nobody polls while Temporal is away');
      assert.equal((await tocsin.records()).length, before, 'nothing is recorded');
      const { waiting, redelivered } = await consumers();
      assert.equal(waiting, EVENTS, 'nothing is acknowledged');
      // What was in flight when Temporal went away comes back; nothing goes round and round.
      assert.ok(redelivered <= tocsin.config.trigger.maxInFlight, `${redelivered} redelivered`);
    });
    await tocsin.servers.temporal.start();
    await everythingRuns(before + EVENTS);
    await until('ready again without a restart', async () => (await trigger.ready()) && (await worker.ready()));
  });

  for (const how of ['stop', 'kill'] as const)
    it(`NATS is away (${how}) for a minute while ${EVENTS} events arrive: refused with 503, all run when it is back`, async () => {
      const before = (await tocsin.records()).length;
      roles.push(await tocsin.startReady('trigger'), await tocsin.startReady('intake'));
      const [trigger, intake] = roles;
      assert.ok(trigger && intake);
      await tocsin.servers.nats[how]();
      await until('both say that they are not ready', async () => !(await trigger.ready()) && !(await intake.ready()));
      assert.equal(await post(`nats ${how} refused`), 503);
      const senders = Array.from({ length: EVENTS }, (_, index) => postUntilStored(`nats ${how} ${index}`));
      // The intake is asked again and again by 500 senders; the trigger process has nothing to do.
      await staysCalm([trigger], async () => {
        assert.equal(await trigger.ready(), false);
        assert.equal(await intake.ready(), false);
      });
      await tocsin.servers.nats.start();
      await Promise.all(senders);
      await everythingRuns(before + EVENTS);
      await until(
        'both are ready again without a restart',
        async () => (await trigger.ready()) && (await intake.ready()),
      );
    });

  it('the audit finds nothing amiss in the end', async () => {
    await tocsin.log.ping();
    assert.deepEqual((await tocsin.audit()).offenders, []);
  });
});

/** Of a processor, over an outage: a process that waits needs a few hundredths, one that goes round in circles all of one. */
const CALM_SHARE = 0.25;

/** Look throughout the outage; the processes do not go round in circles meanwhile. */
async function staysCalm(processes: readonly RoleProcess[], look: () => Promise<void>): Promise<void> {
  const before = processes.map(({ pid }) => cpuMs(pid));
  await throughout(OUTAGE_MS, look);
  for (const [index, { pid }] of processes.entries()) {
    const used = cpuMs(pid) - (before[index] ?? 0);
    assert.ok(used < OUTAGE_MS * CALM_SHARE, `process ${pid} has used ${used} ms of processor while it waited`);
  }
}

/** Look once a second for as long as it lasts. */
async function throughout(durationMs: number, look: () => Promise<void>): Promise<void> {
  const end = performance.now() + durationMs;
  while (performance.now() < end) {
    await look();
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function consumers(): Promise<{ waiting: number; redelivered: number }> {
  const states = await Promise.all(
    LANES.map((lane) => tocsin.log.consumerState(eventStream(tocsin.region), laneConsumer(lane))),
  );
  return {
    waiting: states.reduce((sum, state) => sum + state.pending + state.ackPending, 0),
    redelivered: states.reduce((sum, state) => sum + state.redelivered, 0),
  };
}

async function everythingRuns(count: number): Promise<void> {
  const records = await until(
    `${count} records`,
    async () => {
      const found = await tocsin.records();
      return found.length >= count && found;
    },
    180_000,
  );
  assert.equal(records.length, count);
  for (const { dispositions } of records)
    assert.deepEqual(
      dispositions.map(({ kind }) => kind),
      ['started'],
    );
  await until('everything is acknowledged', async () => (await consumers()).waiting === 0);
}

async function post(instance: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${intakePort}/in/alertmanager`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alertmanagerPayload('firing', { instance })),
    signal: AbortSignal.timeout(30_000),
  });
  const body = (await response.json()) as { rejected?: unknown[] };
  if (response.status === 503) assert.ok(response.headers.get('retry-after'), 'a 503 says when to come again');
  else assert.deepEqual(body.rejected, []);
  return response.status;
}

/** As a sender does that is told to come again. */
const postUntilStored = (instance: string): Promise<true> =>
  until(`${instance} is stored`, async () => ((await post(instance)) === 202 ? true : null), OUTAGE_MS * 3);

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}
