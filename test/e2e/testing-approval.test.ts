/** The test kit, and runs that ask people. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { restartServiceTrigger } from '../../triggers/restart-service.ts';
import {
  type Happening,
  type TestKit,
  approves,
  chooses,
  denies,
  givenAlert,
  openTestKit,
  resolves,
  signalled,
} from '../../workers/testing/index.ts';
import type * as shipped from '../../workflows/index.ts';
import type * as examples from '../support/kit-runbooks.ts';

const well = { healthy: true, detail: 'ok', invocation: 'b', rotation: false };
const sick = { ...well, healthy: false, detail: 'health check answered 503', invocation: 'a', rotation: true };
const PLAN = ['take checkout out of rotation', 'restart checkout', 'put checkout back in rotation'];

describe('a run in mode approve, in the test kit', () => {
  let kit: TestKit<typeof shipped>;
  const done: string[] = [];
  before(async () => {
    kit = await openTestKit<typeof shipped>({ quorum: 2 });
  });
  after(() => kit?.close());

  const restart = (...meanwhile: readonly Happening[]) => {
    done.length = 0;
    const notedDown = (what: string) => (): void => void done.push(what);
    return kit.run('restartService', {
      given: givenAlert({ name: 'ServiceDown', labels: { service: 'checkout' } }),
      trigger: { ...restartServiceTrigger, mode: 'approve' },
      activities: {
        observeService: () => (done.includes('restart') ? well : sick),
        takeOutOfRotation: notedDown('take out'),
        restartUnit: () => {
          done.push('restart');
          return { restarted: true };
        },
        putBackInRotation: notedDown('put back'),
      },
      meanwhile,
    });
  };

  it('looks, asks, and acts when enough people have approved its plan', async () => {
    const run = await restart(approves('5m', { plan: PLAN }), approves('1m', { by: 'Bob' }));
    run.expectSteps(
      'plan: is checkout still sick?',
      'is checkout still sick?',
      'take checkout out of rotation',
      'restart checkout',
      'does checkout answer its health check? (1/5)',
      'put checkout back in rotation',
    );
    assert.equal(run.report?.outcome, 'restarted');
    assert.deepEqual(done, ['take out', 'restart', 'put back']);
    assert.ok(run.tookMs >= 360_000 && run.tookMs < 900_000, `${run.tookMs} ms`);
  });

  it('does nothing when somebody denies it', async () => {
    const run = await restart(denies('5m', 'a deployment is running', { by: 'Carol' }));
    run.expectSteps('plan: is checkout still sick?');
    assert.deepEqual(run.report, { outcome: 'denied', by: 'Carol', reason: 'a deployment is running', left: [] });
    assert.deepEqual(done, []);
  });

  it('does nothing when too few answer in time', async () => {
    const run = await restart(approves('5m'));
    run.expectSteps('plan: is checkout still sick?');
    assert.match(run.failure ?? '', /nobody approved plan/);
    assert.ok(run.tookMs >= 1_800_000, `${run.tookMs} ms`);
    assert.deepEqual(done, []);
  });

  it('ends when its alert is resolved before anybody answers', async () => {
    const run = await restart(resolves('5m'));
    assert.deepEqual(run.report, { outcome: 'resolved-meanwhile', undone: [] });
  });

  it('fails the test when the plan is another one, when an answer does not count, and when nothing is asked', async () => {
    await assert.rejects(restart(approves('5m', { plan: ['restart checkout'] })), /effects of the plan/);
    await assert.rejects(restart(approves('5m'), approves('1m')), /the answer of Ann .* was refused \(twice\)/);
    await assert.rejects(restart(chooses('5m', 'yes')), /asks for approval of a plan/);
  });
});

describe('a run that asks a human, in the test kit', () => {
  let kit: TestKit<typeof examples>;
  before(async () => {
    kit = await openTestKit<typeof examples>({ workflows: new URL('../support/kit-runbooks.ts', import.meta.url) });
  });
  after(() => kit?.close());

  const failOver = (...meanwhile: readonly Happening[]) =>
    kit.run('failOver', { input: { name: 'db' }, activities: { write: () => undefined }, meanwhile });

  it('goes on with what was chosen', async () => {
    const run = await failOver(chooses('5m', 'fail over'));
    assert.equal(run.report, 'fail over');
    run.expectSteps('fail over');
  });

  it('has its own answer when nobody has one', async () => {
    const run = await failOver();
    assert.equal(run.report, 'leave it');
    assert.ok(run.tookMs >= 900_000, `${run.tookMs} ms`);
  });

  it('has its whole time for a question that it comes to while time is skipped', async () => {
    const soaks = (soakMinutes: number, ...meanwhile: readonly Happening[]) =>
      kit.run('soaksAndAsks', { input: { soakMs: soakMinutes * 60_000 }, timeout: '3h', activities: {}, meanwhile });
    // It asks after two hours, in the middle of the first of these, and its question stands for half an hour.
    const answered = await soaks(120, signalled('125m', 'nothing'), chooses('10m', 'keep'));
    assert.equal(answered.report, 'keep');
    await assert.rejects(
      soaks(120, signalled('125m', 'nothing'), chooses('26m', 'keep')),
      /closed .*nothing to answer/,
    );
  });

  it('asks no longer than it has time itself', async () => {
    const run = await kit.run('soaksAndAsks', { input: { soakMs: 45 * 60_000 }, timeout: '1h', activities: {} });
    assert.equal(run.report, 'put back');
    assert.ok(run.tookMs < 3_600_000, `${run.tookMs} ms`);
  });

  it('parts are approved by the end of their ids', async () => {
    const run = await kit.run('emptyRacks', {
      input: { racks: ['r1'] },
      mode: 'approve',
      activities: { write: () => undefined, charge: ({ name }) => ({ id: name }) },
      meanwhile: [approves('1m'), approves('1m', { part: '1-r1', plan: ['close r1', 'move r1'] })],
    });
    assert.deepEqual(run.report, ['r1']);
  });
});
