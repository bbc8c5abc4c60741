import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { limit } from '../../workflows/kit/limit-use.ts';
import { limitDefinition } from '../support/limit-definition.ts';
import { type LimitLab, mostAtOnce, startLimitLab } from '../support/limit-lab.ts';
import { until } from '../support/until.ts';

describe('a limit that is terminated and asked again before visibility knows', () => {
  let lab: LimitLab;
  before(async () => {
    lab = await startLimitLab([limitDefinition('one')]);
    await lab.startWorker('behind');
  });
  after(() => lab?.stop());

  it('remembers who holds, also the second time, and grants to nobody beside', async () => {
    const id = 'limit/one/a';
    const begin = (name: string) => lab.begin('limited', name, { limits: [limit('one', 'a')], gate: 'a' });
    const handles = [await begin('holds')];
    await until('it acts', () => lab.effects().some(({ what }) => what === 'begin'));
    const { leases } = (await lab.state(id)).state;
    assert.equal(leases.length, 1);
    for (const name of ['second', 'third']) {
      await lab.client.workflow.getHandle(id).terminate('test');
      handles.push(await begin(name));
      const { state } = await until(`${name} waits`, async () => {
        const view = await lab.state(id);
        return view.state.queue.length === handles.length - 1 && view;
      });
      assert.deepEqual(state.leases, leases);
    }
    lab.openGate('a');
    await Promise.all(handles.map((handle) => handle.result()));
    assert.equal(mostAtOnce(lab.effects()), 1);
    const order = lab.effects().flatMap(({ what, name }) => (what === 'begin' ? [name] : []));
    assert.deepEqual(order, ['holds', 'second', 'third']);
  });
});
