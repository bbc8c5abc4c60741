import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import { stopFilePath } from '../../workers/red-button/stop-file.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { cli } from '../support/cli.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { startRequest } from '../support/path-servers.ts';
import { storeAlert } from '../support/payloads.ts';
import { tocsinProcess } from '../support/tocsin-process.ts';
import { until } from '../support/until.ts';

let tocsin: Installation;
before(async () => {
  tocsin = await startInstallation();
  await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
});
after(() => tocsin.stop());

const run = (...args: readonly string[]) => cli(tocsin.env, '--json', ...args);
const actions = (): string[] => tocsin.service.effects().map(({ action }) => action);

/** Starts a run by hand; resolves to its workflow id. */
async function begin(id: string): Promise<string> {
  const { code, json, stderr } = await run('run', 'restartService', '--input', '{"service":"checkout"}', '--id', id);
  assert.equal(code, 0, stderr);
  return (json as { workflowId: string }).workflowId;
}

const phaseIs = (workflowId: string, phase: string) =>
  until(`${workflowId} is ${phase}`, async () => {
    const { typedSearchAttributes } = await tocsin.client.workflow.getHandle(workflowId).describe();
    return typedSearchAttributes.getAll().some(({ key, value }) => key.name === 'TocsinPhase' && value === phase);
  });

const outcomeOf = async (workflowId: string): Promise<string> =>
  ((await tocsin.client.workflow.getHandle(workflowId).result()) as { outcome: string }).outcome;

const engine = () => createEngine({ client: tocsin.client, namespace: tocsin.servers.namespace });

/** Starts a run as a trigger does, with policy `cancel`. */
async function start(name: string, executionTimeoutMs: number): Promise<string> {
  const request = startRequest(tocsin.region, 1_000_000, { alertKey: name, executionTimeoutMs });
  assert.equal((await engine().start(request)).kind, 'started');
  startedHere.add(request.workflowId);
  return request.workflowId;
}

/** Runs that no event of the log started, which an audit would rightly name. */
const startedHere = new Set<string>();
const offenders = async () => (await tocsin.audit()).offenders.filter(({ what }) => !startedHere.has(what));

/** Stores a firing and resolves to its record. */
async function fire(instance: string): Promise<EventRecord> {
  const { ack } = await storeAlert(tocsin.log, tocsin.region, 'firing', { instance, startsAt: null });
  return recordOf(ack.sequence);
}
const recordOf = (sequence: number): Promise<EventRecord> =>
  until(`record ${sequence}`, async () =>
    (await tocsin.records()).find(({ position }) => position.sequence === sequence),
  );
const resolve = async (instance: string): Promise<void> => {
  const { ack } = await storeAlert(tocsin.log, tocsin.region, 'resolved', { instance, startsAt: null });
  await recordOf(ack.sequence);
};

/** Processes look at the record once a second: fires probes, each with its resolve, until one is held (or not). */
const untilHolds = (holds: boolean) =>
  until(holds ? 'the trigger holds' : 'the trigger starts', async () => {
    const probe = `probe-${(probes += 1)}`;
    const record = await fire(probe);
    await resolve(probe);
    return (record.dispositions[0]?.kind === 'held') === holds && record;
  });
let probes = 0;

interface Resumed {
  readonly backlog: readonly { key: string; count: number; state: string; trigger: string }[];
  readonly released: number;
}

describe('red button', () => {
  it('a run waits before its effect, says so, and goes on when it is resumed; its checks went on', async () => {
    await tocsin.service.exhaust();
    const stopped = await run('stop', '--scope', 'service=checkout', '--why', 'drill 1');
    assert.equal(stopped.code, 0, stopped.stdout);
    const id = await begin('waits');
    await phaseIs(id, 'stopped');
    const { events } = await tocsin.client.workflow.getHandle(id).fetchHistory();
    const checked = events?.filter(({ activityTaskCompletedEventAttributes: done }) => done);
    assert.equal(checked?.length, 1, 'the check was done');
    assert.deepEqual(actions(), []);
    assert.match(await details(id), /⏳ waiting: red button \(drill 1, .+\)/);
    const resumed = await run('resume', '--scope', 'service=checkout');
    assert.equal(resumed.code, 0, resumed.stdout);
    assert.equal(await outcomeOf(id), 'restarted');
    assert.deepEqual(actions(), ['take-out', 'restart', 'put-back']);
    const ids = await activityIds(id, 'takeOutOfRotation');
    assert.ok(ids.length >= 2 && new Set(ids).size === 1, `a refused effect keeps its key: ${ids.join()}`);
    const keys = tocsin.service.effects().map(({ key }) => key);
    assert.equal(new Set(keys).size, 3, 'keys differ from step to step');
  });

  it('another scope stops nothing here; resume of what is not stopped says what is', async () => {
    await tocsin.service.exhaust();
    assert.equal((await run('stop', '--scope', 'service=billing')).code, 0);
    assert.equal(await outcomeOf(await begin('other scope')), 'restarted');
    const refused = await run('resume');
    assert.equal(refused.code, 2);
    assert.match(refused.stdout, /all is not stopped here.*stopped are service=billing/);
    assert.equal((await run('resume', '--scope', 'service=billing')).code, 0);
  });

  it('an alert that resolves ends the wait, and nothing was done', async () => {
    await tocsin.service.exhaust();
    const before = actions().length;
    assert.equal((await run('stop')).code, 0);
    const list = await cli(tocsin.env, 'trigger', 'list');
    assert.match(list.stdout, /RED BUTTON: everything stopped by/);
    const id = await start('resolves', 600_000);
    await phaseIs(id, 'stopped');
    await engine().signalResolved(id, { stream: 'EVENTS_EU', sequence: 9, storedAt: 0 });
    assert.equal(await outcomeOf(id), 'resolved-meanwhile');
    assert.equal(actions().length, before);
  });

  it('a run that waits as long as its execution timeout allows ends as failed, and says why', async () => {
    const id = await start('times out', 10_000);
    await assert.rejects(outcomeOf(id), (error: Error) => {
      assert.match(String(error.cause), /the red button \(.+\) was not released before the execution timeout/);
      return true;
    });
    assert.equal((await tocsin.runs.find(id))?.status, 'failed');
    assert.equal((await run('resume', '--discard')).code, 0);
  });

  it('what is no scope or no rate is refused', async () => {
    assert.equal((await run('stop', '--scope', 'checkout')).code, 2);
    assert.equal((await run('resume', '--release', 'slowly')).code, 2);
    assert.equal((await run('stop', '--region', 'mars')).code, 2);
  });

  it('the stop file of the host stops and is taken away again, without a server', async () => {
    await tocsin.service.exhaust();
    const file = stopFilePath(tocsin.config);
    const alone = { ...tocsin.env, NATS_URL: 'nats://127.0.0.1:1', TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const before = actions().length;
    assert.equal((await cli(alone, '--json', 'stop', '--local', '--why', 'by file')).code, 0);
    const id = await begin('file');
    await phaseIs(id, 'stopped');
    assert.match(await details(id), /by file/);
    // An empty file, as `touch` makes one, stops everything too.
    writeFileSync(file, '');
    assert.equal((await cli(alone, '--json', 'resume', '--local')).code, 0);
    assert.equal(existsSync(file), false);
    assert.equal(actions().length, before);
    await tocsin.client.workflow.getHandle(id).signal('effectsAllowed');
    assert.equal(await outcomeOf(id), 'restarted');
  });

  it('where NATS cannot be reached, stop writes the file of its host, and says that this is not all', async () => {
    const away = { ...tocsin.env, NATS_URL: 'nats://127.0.0.1:1' };
    const stopped = await cli(away, 'stop');
    assert.equal(stopped.code, 3);
    assert.match(stopped.stdout, /NOT stopped everywhere.*this host is stopped by/s);
    assert.equal(existsSync(stopFilePath(tocsin.config)), true);
    assert.equal((await cli(away, 'resume')).code, 3);
    assert.equal(existsSync(stopFilePath(tocsin.config)), true, 'without the record nothing is resumed');
    assert.equal((await run('resume')).code, 0, 'with it the file goes too');
    assert.equal(existsSync(stopFilePath(tocsin.config)), false);
  });

  it('events are held and explained; the backlog is listed by alert, folded, and merged, once', async () => {
    assert.equal((await run('stop', '--why', 'drill 2')).code, 0);
    await untilHolds(true);
    await fire('first');
    const held = await fire('first');
    assert.ok(held.dispositions[0]?.kind === 'held' && held.dispositions[0].reason === 'stopped');
    assert.match(held.dispositions[0].detail, /would run restartService as .*everything stopped by .*drill 2/);
    await fire('over');
    await resolve('over');
    const explained = await cli(tocsin.env, 'explain', 'instance=over');
    assert.match(explained.stdout, /restart-service held it \(stopped\)/);
    const keyOf = (instance: string) => Buffer.from(instance).toString('hex').padEnd(16, '0').slice(0, 16);

    const listed = await run('resume');
    assert.equal(listed.code, 0, listed.stdout);
    const { backlog } = listed.json as Resumed;
    const first = backlog.find(({ key }) => key.includes(keyOf('first')));
    assert.ok(first !== undefined && first.count === 2, JSON.stringify(backlog));
    assert.equal(first.state, 'open');
    assert.equal(backlog.find(({ key }) => key.includes(keyOf('over')))?.state, 'resolved');

    const merged = await run('resume', '--merge');
    assert.equal((merged.json as Resumed).released, 1, merged.stdout);
    const started = await until('it is started', async () => {
      const found = (await tocsin.records()).filter(({ dispositions }) =>
        dispositions.some((each) => each.kind === 'started' && each.workflowId.includes(keyOf('first'))),
      );
      return found.length > 0 && found;
    });
    assert.equal(started.length, 1);
    assert.equal((await run('resume', '--merge')).code, 2, 'nothing is left');
    assert.deepEqual(await offenders(), []);
  });

  it('a backlog can be discarded, or released at a rate; each is decided once', async () => {
    for (const [decision, expected] of [
      [['--discard'], 0],
      [['--release', '20/s'], 2],
    ] as const) {
      assert.equal((await run('stop', '--scope', 'trigger=restart-service')).code, 0);
      const names = ['x', 'y'].map((name) => `${name}${decision[0]}`);
      await untilHolds(true);
      for (const name of names) await fire(name);
      const resumed = await run('resume', '--scope', 'trigger=restart-service', ...decision);
      assert.equal(resumed.code, 0, resumed.stdout);
      assert.equal((resumed.json as Resumed).released, expected);
      assert.equal((await run('resume', '--scope', 'trigger=restart-service', ...decision)).code, 2);
    }
  });

  it('a resume that is killed in the middle is given again, and no alert runs twice', async () => {
    assert.equal((await run('stop')).code, 0);
    await untilHolds(true);
    const held = [await fire('killed-1'), await fire('killed-2'), await fire('killed-3')];
    await killedAfterOne('resume', '--release', '1/h');
    const resumed = await run('resume', '--merge');
    assert.equal(resumed.code, 0, resumed.stdout);
    for (const { event } of held) {
      const started = await until(`${event.alertKey} has run`, async () => {
        const found = (await tocsin.records()).flatMap(({ event: { alertKey }, dispositions }) =>
          alertKey === event.alertKey ? dispositions.filter(({ kind }) => kind === 'started') : [],
        );
        return found.length > 0 && found;
      });
      assert.equal(started.length, 1);
    }
    assert.equal((await run('resume')).code, 2, 'nothing is left to decide');
    assert.deepEqual(await offenders(), []);
  });

  it('a single event that is held can be let go by name', async () => {
    assert.equal((await run('trigger', 'pause', 'restart-service')).code, 0);
    await untilHolds(true);
    const held = await fire('alone');
    assert.equal((await run('trigger', 'resume', 'restart-service')).code, 0);
    const name = `eu/${held.position.sequence}`;
    const { json } = await run('held', 'list');
    const found = (json as { name: string; reason: string }[]).find((each) => each.name === name);
    assert.equal(found?.reason, 'paused');
    assert.equal((await run('held', 'release', name)).code, 0);
    await until('it has run', async () =>
      (await tocsin.records()).some(
        ({ position, event, dispositions }) =>
          position.sequence > held.position.sequence &&
          event.alertKey === held.event.alertKey &&
          dispositions[0]?.kind === 'started',
      ),
    );
    assert.equal((await run('held', 'release', 'eu/999999')).code, 2);
  });
});

/** Runs a command until it has put one event back. */
async function killedAfterOne(...args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, tocsinProcess(...args), { env: tocsin.env, stdio: 'pipe' });
  child.stdout.resume();
  const gone = once(child, 'exit');
  for await (const chunk of child.stderr as AsyncIterable<Buffer>)
    if (chunk.includes('put back')) child.kill('SIGKILL');
  await gone;
  assert.equal(child.signalCode, 'SIGKILL');
}

async function activityIds(workflowId: string, type: string): Promise<string[]> {
  const { events } = await tocsin.client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.activityType?.name === type ? [scheduled.activityId ?? ''] : [],
  );
}

/** The checklist, as the UI shows it. */
const details = async (workflowId: string): Promise<string> =>
  JSON.stringify(await tocsin.client.workflow.getHandle(workflowId).query('__temporal_workflow_metadata'));
