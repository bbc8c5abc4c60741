import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { FOREIGN_LEASE } from '../../workflows/engine/limit-protocol.ts';
import { limit } from '../../workflows/kit/limit-use.ts';
import { cli } from '../support/cli.ts';
import { type LimitLab, mostAtOnce, reset, startLimitLab } from '../support/limit-lab.ts';
import { until } from '../support/until.ts';
import { limitDefinition as define } from '../support/limit-definition.ts';

describe('limits on a real Temporal', () => {
  let lab: LimitLab;
  before(async () => {
    lab = await startLimitLab([
      define('one'),
      define('other'),
      define('short', { queueMax: 1 }),
      define('no-queue', { whenFull: 'refuse' }),
      define('breaker', { failures: { max: 2, perMs: 3_600_000 } }),
      define('share', { scope: 'fleet', slots: '10%', stopWhenSick: { share: '30%', withinMs: 600_000 } }),
    ]);
    await lab.startWorker();
  });
  after(() => lab?.stop());

  const under = (name: string, scope: string) => [limit(name, scope)];
  const begun = (name: string): Promise<unknown> =>
    until(`${name} begins`, () => lab.effects().some((line) => line.what === 'begin' && line.name === name), 120_000);
  const waiting = (id: string, count: number): Promise<unknown> =>
    until(`${count} wait for ${id}`, async () => (await lab.state(id)).state.queue.length === count);
  const free = (id: string): Promise<unknown> =>
    until(`${id} is free`, async () => (await lab.state(id)).state.leases.length === 0, 120_000);
  const of = (...names: string[]) => lab.effects().filter(({ name }) => names.includes(name));

  it('of ten runs one acts at a time, in their order, with growing tokens', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `ten-${index}`);
    const handles = await Promise.all(names.map((name) => lab.begin('limited', name, { limits: under('one', 'a') })));
    const tokens = await Promise.all(handles.map((handle) => handle.result()));
    const lines = of(...names);
    assert.equal(mostAtOnce(lines), 1);
    assert.equal(lines.length, 20);
    const inOrder = lines.filter(({ what }) => what === 'begin').map(({ token }) => Number(token));
    assert.deepEqual(
      inOrder,
      inOrder.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(tokens).size, 10);
    assert.match(lines[0]?.text ?? '', /^one\/target%3Da:\d+$/);
    await free('limit/one/a');
  });

  it('several limits are taken in one order, whatever order the runbook says', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `both-${index}`);
    const both = [...under('one', 'b'), ...under('other', 'b')];
    const handles = await Promise.all(
      names.map((name, index) => lab.begin('limited', name, { limits: index % 2 === 0 ? both : both.toReversed() })),
    );
    // The effect asks for "the" token, and there are two.
    for (const handle of handles) assert.match((await failureOf(handle)).message, /several limits: one, other/);
    await free('limit/one/b');
    await free('limit/other/b');
  });

  it('a worker that holds is killed: its run goes on elsewhere, and nobody acts beside it', async () => {
    await lab.startWorker();
    const first = await lab.begin('limited', 'killed', { limits: under('one', 'c'), gate: 'c' });
    await begun('killed');
    const second = await lab.begin('limited', 'after-kill', { limits: under('one', 'c') });
    await waiting('limit/one/c', 1);
    await lab.kill(of('killed')[0]?.pid);
    lab.openGate('c');
    await Promise.all([first.result(), second.result()]);
    assert.equal(mostAtOnce(of('killed', 'after-kill')), 1);
    await free('limit/one/c');
  });

  it('every worker is killed while one run holds and one waits', async () => {
    const first = await lab.begin('limited', 'all-killed', { limits: under('one', 'k'), gate: 'k' });
    await begun('all-killed');
    const second = await lab.begin('limited', 'after-all', { limits: under('one', 'k') });
    await waiting('limit/one/k', 1);
    await lab.kill();
    lab.openGate('k');
    await lab.startWorker();
    await Promise.all([first.result(), second.result()]);
    assert.equal(mostAtOnce(of('all-killed', 'after-all')), 1);
  });

  it('a run that holds is terminated: its slot is free when its attempt must have ended, within its lease', async () => {
    const first = await lab.begin('limited', 'terminated', { limits: under('one', 'd'), gate: 'd' });
    await begun('terminated');
    const second = await lab.begin('limited', 'after-terminate', { limits: under('one', 'd') });
    await waiting('limit/one/d', 1);
    const { until: end } = (await lab.state('limit/one/d')).state.leases[0] ?? assert.fail('nobody holds');
    await first.terminate('test');
    await until('the holder is found gone', async () =>
      (await lab.state('limit/one/d')).state.leases.some(({ phase }) => phase === 'lost'),
    );
    assert.equal(of('after-terminate').length, 0, 'an attempt of the dead run may still be at work');
    lab.openGate('d');
    await second.result();
    const { closeTime } = await second.describe();
    assert.ok(Number(closeTime?.getTime()) < end + 5_000, 'within the lease');
    assert.equal(mostAtOnce(of('terminated', 'after-terminate')), 1);
  });

  it('a run that waits is terminated: nothing of it is left', async () => {
    const first = await lab.begin('limited', 'holds', { limits: under('one', 'e'), gate: 'e' });
    await begun('holds');
    const second = await lab.begin('limited', 'waits', { limits: under('one', 'e') });
    await waiting('limit/one/e', 1);
    await second.terminate('test');
    lab.openGate('e');
    await first.result();
    await free('limit/one/e');
    assert.equal(of('waits').length, 0);
  });

  for (const [when, task] of [
    ['before it asked', 0],
    ['after it was granted', -1],
  ] as const)
    it(`a run that holds is reset to a point ${when}: it asks anew, and never acts beside its predecessor`, async () => {
      const name = `reset ${when}`;
      const id = `limit/one/r${task}`;
      const handle = await lab.begin('limited', name, { limits: under('one', `r${task}`), gate: `r${task}` });
      await begun(name);
      const before = (await lab.state(id)).state.leases[0] ?? assert.fail('nobody holds');
      const next = await reset(lab.client, handle, task);
      await until(
        'the new run holds',
        async () => (await lab.state(id)).state.leases.some(({ runId }) => runId === next),
        120_000,
      );
      lab.openGate(`r${task}`);
      const { events } = await lab.client.workflow.getHandle(name, next).fetchHistory();
      const foreign = (events ?? []).filter(
        (event) => event.activityTaskFailedEventAttributes?.failure?.applicationFailureInfo?.type === FOREIGN_LEASE,
      );
      assert.equal(foreign.length, task === 0 ? 0 : 1, 'an activity that came with the old lease was refused');
      const token = await lab.client.workflow.getHandle(name).result();
      assert.ok(Number(token) > before.fence, 'with a higher token');
      await free(id);
    });

  it('a limit that is terminated, and asked again at once, remembers who holds; so it does the next time', async () => {
    const id = 'limit/one/t';
    const first = await lab.begin('limited', 'holds-on', { limits: under('one', 't'), gate: 't' });
    await begun('holds-on');
    const before = (await lab.state(id)).state.leases[0] ?? assert.fail('nobody holds');
    const later = [];
    for (const name of ['comes-later', 'comes-last']) {
      await lab.client.workflow.getHandle(id).terminate('test');
      later.push(await lab.begin('limited', name, { limits: under('one', 't') }));
      await waiting(id, later.length);
      assert.deepEqual((await lab.state(id)).state.leases, [before]);
    }
    lab.openGate('t');
    await Promise.all([first, ...later].map((handle) => handle.result()));
    assert.equal(mostAtOnce(of('holds-on', 'comes-later', 'comes-last')), 1);
  });

  it('a run that is cancelled while it waits leaves the queue, and one that acts gives its slot back', async () => {
    const first = await lab.begin('limited', 'cancel-holds', { limits: under('one', 'f'), gate: 'f' });
    await begun('cancel-holds');
    const second = await lab.begin('limited', 'cancel-waits', { limits: under('one', 'f') });
    await waiting('limit/one/f', 1);
    await second.cancel();
    await assert.rejects(second.result(), WorkflowFailedError);
    await waiting('limit/one/f', 0);
    await first.cancel();
    lab.openGate('f');
    await first.result().catch(() => undefined);
    await free('limit/one/f');
  });

  it('a full queue refuses, and says who holds', async () => {
    const handles = [];
    for (const name of ['q-0', 'q-1']) {
      handles.push(await lab.begin('limited', name, { limits: under('short', 'g'), gate: 'g' }));
      if (name === 'q-0') await begun(name);
      else await waiting('limit/short/g', 1);
    }
    const refused = await failureOf(await lab.begin('limited', 'q-2', { limits: under('short', 'g') }));
    assert.equal(refused.type, 'LimitRefused');
    assert.match(refused.message, /limit short \(target=g\): 1 steps wait already, at most 1; held by q-0/);
    assert.equal(of('q-2').length, 0);
    lab.openGate('g');
    await Promise.all(handles.map((handle) => handle.result()));
  });

  it('without a queue a second step is refused at once', async () => {
    const first = await lab.begin('limited', 'n-0', { limits: under('no-queue', 'h'), gate: 'h' });
    await begun('n-0');
    const refused = await failureOf(await lab.begin('limited', 'n-1', { limits: under('no-queue', 'h') }));
    assert.match(refused.message, /1 of 1 slots are taken, and it does not queue; held by n-0/);
    lab.openGate('h');
    await first.result();
  });

  it('after two failed steps the breaker stops, and pages; what was done is still undone', async () => {
    const undo = await lab.begin('undone', 'u', { limits: under('breaker', 'i'), gate: 'i' });
    await begun('u');
    const failing = ['b-0', 'b-1'].map((name) =>
      lab.begin('limited', name, { limits: under('breaker', 'j'), fails: true }),
    );
    for (const each of await Promise.all(failing)) assert.equal((await failureOf(each)).type, 'Broken');
    const refused = await failureOf(await lab.begin('limited', 'b-2', { limits: under('breaker', 'j') }));
    assert.match(refused.message, /too many steps failed; none begins for another \d+ s/);
    await until('somebody is told', () => of('limit breaker stopped target=j').length === 1);
    lab.openGate('i');
    assert.equal((await failureOf(undo)).type, 'Escalated');
    assert.deepEqual(
      of('u', 'u undo').map(({ what, name }) => `${what} ${name}`),
      ['begin u', 'end u', 'begin u undo', 'end u undo'],
    );
  });

  it('more sick than 30% of ten targets stop everything, and page', async () => {
    const handles = [];
    for (const name of ['s-0', 's-1', 's-2'])
      handles.push(await lab.begin('limited', name, { limits: ['share'], gate: 's', target: name }));
    await until('all three are counted', async () => {
      const { state } = await lab.state('limit/share/all');
      return state.leases.length + state.queue.length === 3;
    });
    const refused = await failureOf(await lab.begin('limited', 's-3', { limits: ['share'], target: 's-3' }));
    assert.match(refused.message, /more than 3 of 10 targets are sick at once/);
    await until('somebody is told', () => of('limit share stopped fleet: too many are sick at once').length === 1);
    lab.openGate('s');
    const ends = await Promise.all(
      handles.map((handle) =>
        handle.result().then(
          () => 'done',
          () => 'refused',
        ),
      ),
    );
    assert.deepEqual(ends.toSorted(), ['done', 'refused', 'refused'], 'who holds goes on');
  });

  it('`tocsin limits` says who holds and who waits, and what is stopped', async () => {
    const first = await lab.begin('limited', 'seen', { limits: under('one', 'm/1'), gate: 'm' });
    await begun('seen');
    const second = await lab.begin('limited', 'seen-waiting', { limits: under('one', 'm/1') });
    const list = await until('both are listed', async () => {
      const { json, code } = await cli(lab.env, 'limits', '--json');
      assert.equal(code, 0);
      const found = json as { limits: { scope: string; holders: { workflowId: string }[]; waiting: unknown[] }[] };
      const one = found.limits.find(({ scope }) => scope === 'target=m/1');
      return one?.waiting.length === 1 ? { ...found, one } : null;
    });
    assert.deepEqual(
      list.one.holders.map(({ workflowId }) => workflowId),
      ['seen'],
    );
    const shown = await cli(lab.env, 'limits', 'show', 'one', 'target=m/1');
    assert.equal(shown.code, 0);
    assert.match(
      shown.stdout,
      /one target=m\/1 {2}1\/1 held, by seen since .*, 1 waiting\n {2}holds {3}seen: act on seen, since/,
    );
    lab.openGate('m');
    await Promise.all([first.result(), second.result()]);
    assert.equal((await cli(lab.env, 'limits', 'show', 'breaker', 'j')).code, 1, 'it is stopped');
    assert.equal((await cli(lab.env, 'limits', 'show', 'one', 'nobody')).code, 0);
    assert.equal((await cli(lab.env, 'limits', 'show', 'nothing', 'x')).code, 2);
  });

  for (const [uses, pattern] of [
    [['nowhere'], /limit "nowhere" is not configured; there are: one, other/],
    [['one'], /limit one is per target, and the step says null; expected limit\('one', /],
    [[limit('one', 'x'.repeat(201))], /1 to 200 characters/],
  ] as const)
    it(`a limit that cannot be told is refused before anything is done: ${String(pattern)}`, async () => {
      const name = `unknown ${String(pattern).length}`;
      assert.match((await failureOf(await lab.begin('limited', name, { limits: uses }))).message, pattern);
      assert.equal(of(name).length, 0);
    });
});

async function failureOf(handle: WorkflowHandle): Promise<{ readonly type: unknown; readonly message: string }> {
  const error: unknown = await handle.result().then(
    () => assert.fail(`${handle.workflowId} completed, expected it to fail`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WorkflowFailedError, String(error));
  let last: Error = error;
  while (last.cause instanceof Error) last = last.cause;
  return { type: 'type' in last ? last.type : undefined, message: last.message };
}
