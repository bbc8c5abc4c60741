import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { fenceActivities, fencingText, fencingToken } from '../../activities/fencing-token.ts';
import { FENCE_HEADER, type Fence } from '../../workflows/engine/limit-protocol.ts';

const RUN = 'run-1';
const fence = (limit: string, token: number, runId = RUN): Fence => ({
  limit,
  scope: `service=${limit} x`,
  token,
  runId,
});

/** An activity of run `run-1` that came with these tokens; null: without the header. */
function activityUnder<T>(fences: readonly Fence[] | null, work: () => T): Promise<T> {
  const environment = new MockActivityEnvironment(
    { workflowExecution: { workflowId: 'w', runId: RUN } },
    { interceptors: [fenceActivities], logger: new DefaultLogger('ERROR') },
  );
  const headers = fences === null ? {} : { [FENCE_HEADER]: defaultPayloadConverter.toPayload(fences) };
  const { execute } = fenceActivities(environment.context).inbound ?? {};
  assert.ok(execute);
  return environment.run(async () => (await execute({ args: [], headers }, async () => work())) as T);
}

describe('fencing tokens', () => {
  it('an activity under no limit has none', async () => {
    assert.equal(await activityUnder(null, fencingToken), null);
    assert.equal(await activityUnder(null, fencingText), '');
  });

  it('one limit has one token, for the activity and for its commands', async () => {
    assert.equal(await activityUnder([fence('a', 7)], fencingToken), 7);
    assert.equal(await activityUnder([fence('a', 7)], () => fencingToken('other')), null);
    assert.equal(await activityUnder([fence('a', 7)], fencingText), 'a/service%3Da%20x:7');
  });

  it('of several limits one has to be named', async () => {
    const both = [fence('a', 7), fence('b', 8)];
    assert.equal(await activityUnder(both, () => fencingToken('b')), 8);
    assert.equal(await activityUnder(both, fencingText), 'a/service%3Da%20x:7 b/service%3Db%20x:8');
    await assert.rejects(activityUnder(both, fencingToken), /under several limits: a, b; say which/);
  });

  it('what another run was given is refused before anything is done', async () => {
    let done = false;
    await assert.rejects(
      activityUnder([fence('a', 7), fence('b', 8, 'run-0')], () => (done = true)),
      (error) => error instanceof ApplicationFailure && error.type === 'ForeignLease' && error.nonRetryable === true,
    );
    assert.equal(done, false);
  });

  it('tokens of one activity are not seen by another at the same time', async () => {
    const seen = await Promise.all([1, 2, 3].map((token) => activityUnder([fence('a', token)], fencingToken)));
    assert.deepEqual(seen, [1, 2, 3]);
  });
});
