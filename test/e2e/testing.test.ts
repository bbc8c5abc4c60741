import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { restartServiceTrigger } from '../../triggers/restart-service.ts';
import type * as runbooks from '../../workflows/index.ts';
import {
  type TestKit,
  answers,
  at,
  cancelled,
  givenAlert,
  openTestKit,
  replayHistories,
  resolves,
} from '../../workers/testing/index.ts';

const well = { healthy: true, detail: 'ok', invocation: 'b', rotation: false };
const sick = { ...well, healthy: false, detail: 'health check answered 503', invocation: 'a', rotation: true };

describe('the test kit', () => {
  let kit: TestKit<typeof runbooks>;
  before(async () => {
    kit = await openTestKit<typeof runbooks>();
  });
  after(() => kit.close());

  const given = givenAlert({ name: 'ServiceDown', labels: { service: 'checkout' } });

  it('runs what a trigger starts for an alert, with the answers of the test', async () => {
    const restarted: unknown[] = [];
    const run = await kit.run('restartService', {
      given,
      trigger: restartServiceTrigger,
      activities: {
        observeService: answers<typeof well>(sick, sick, well),
        takeOutOfRotation: () => undefined,
        restartUnit: (input) => {
          restarted.push(input);
          return { restarted: true };
        },
        putBackInRotation: () => undefined,
      },
    });
    run.expectSteps(
      'is checkout still sick?',
      'take checkout out of rotation',
      'restart checkout',
      'does checkout answer its health check? (1/5)',
      'does checkout answer its health check? (2/5)',
      'put checkout back in rotation',
    );
    run.expectUndone();
    assert.deepEqual(restarted, [{ service: 'checkout', invocation: 'a' }]);
    assert.equal(run.report?.outcome, 'restarted');
    assert.equal(run.failure, null);
  });

  it('shows what was undone, and what a step that is not answered means', async () => {
    const run = await kit.run('restartService', {
      input: { service: 'checkout' },
      activities: {
        observeService: () => sick,
        takeOutOfRotation: () => undefined,
        putBackInRotation: () => undefined,
      },
    });
    run.expectUndone('take checkout out of rotation');
    assert.match(run.failure ?? '', /the test gives no answer for restartUnit/);
    assert.throws(() => run.expectSteps('is checkout still sick?'), /the run failed: /);
  });

  it('lets an alert resolve in the middle, at an instant of its choice', async () => {
    const begin = at('2027-03-28T01:30+01:00[Europe/Berlin]');
    const run = await kit.run('restartService', {
      input: { service: 'checkout' },
      at: begin,
      activities: {
        observeService: () => sick,
        takeOutOfRotation: () => undefined,
        restartUnit: () => ({ restarted: true }),
        putBackInRotation: () => undefined,
      },
      meanwhile: [resolves('3s')],
    });
    assert.deepEqual(run.report, { outcome: 'resolved-meanwhile', undone: ['take checkout out of rotation'] });
    const started = Date.parse(run.timeline[0]?.at ?? '');
    assert.ok(started >= begin && started < begin + 60_000, new Date(started).toISOString());
    await assert.rejects(
      kit.run('restartService', { input: { service: 'checkout' }, at: begin - 1, activities: {} }),
      /behind the kit's time/,
    );
  });

  for (const [name, ended, why] of [
    ['an alert that resolves', resolves('3s'), /^the alert is resolved, and/],
    ['a cancellation', cancelled('3s'), /^the run is cancelled, and/],
  ] as const)
    it(`${name} does not hide what could not be undone: the run fails and names it`, async () => {
      const run = await kit.run('restartService', {
        input: { service: 'checkout' },
        activities: {
          observeService: () => sick,
          takeOutOfRotation: () => undefined,
          restartUnit: () => ({ restarted: true }),
          putBackInRotation: () => {
            throw ApplicationFailure.nonRetryable('the load balancer says no');
          },
        },
        meanwhile: [ended],
      });
      assert.match(run.failure ?? '', why);
      assert.match(run.failure ?? '', /not undone, which needs a human: take checkout out of rotation/);
      assert.equal(run.report, null);
    });

  it('records what it ran, and replays it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tocsin-recorded-'));
    try {
      const run = await kit.run('restartService', {
        input: { service: 'checkout' },
        activities: { observeService: () => well },
      });
      run.record(join(dir, 'already-healthy.json'));
      // As a server gives it: the run has an id of its own, from which those of its parts are made.
      const recorded = readFileSync(join(import.meta.dirname, '../histories/patchFleet-rolled-out.json'), 'utf8');
      const history = JSON.parse(recorded.replaceAll('patchFleet-rolled-out.json', 'patch-fleet/f#1~a')) as {
        readonly events: readonly { readonly workflowExecutionStartedEventAttributes: object }[];
      };
      Object.assign(history.events[0]?.workflowExecutionStartedEventAttributes ?? {}, {
        workflowId: 'patch-fleet/f#1~a',
      });
      writeFileSync(join(dir, 'of-a-server.json'), JSON.stringify(history));
      assert.deepEqual(
        (await replayHistories(dir)).toSorted((a, b) => a.name.localeCompare(b.name)),
        [
          { name: 'already-healthy.json', problem: null },
          { name: 'of-a-server.json', problem: null },
        ],
      );
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('at', () => {
  it('reads an instant with offset and zone, and refuses one that is not so', () => {
    assert.equal(at('2027-03-28T01:30+01:00[Europe/Berlin]'), Date.UTC(2027, 2, 28, 0, 30));
    assert.equal(at('2027-03-28T00:30:15Z'), Date.UTC(2027, 2, 28, 0, 30, 15));
    assert.throws(
      () => at('2027-03-28T02:30+01:00[Europe/Berlin]'),
      /that instant is 2027-03-28T03:30:00\+02:00\[Europe\/Berlin\]/,
    );
    assert.throws(() => at('2027-03-28T01:30+01:00[Europe/Berln]'), /Berlin/);
    assert.throws(() => at('tomorrow'), /expected one like/);
  });
});
