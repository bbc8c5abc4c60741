import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { State } from '@temporalio/worker';
import { runWorker } from '../../workers/run-worker.ts';

const never = new Promise<void>(() => undefined);

describe('a worker that runs', () => {
  it('ends as the SDK says, while it does', async () => {
    await runWorker({ run: () => Promise.resolve(), getState: () => 'STOPPED' });
    const broken = { run: () => Promise.reject(new Error('no more')), getState: (): State => 'FAILED' };
    await assert.rejects(runWorker(broken), /no more/);
  });

  it('ends when it has failed and the SDK does not end it', async () => {
    const states: State[] = ['RUNNING', 'FAILED'];
    await assert.rejects(runWorker({ run: () => never, getState: () => states.shift() ?? 'FAILED' }), /has given up/);
    assert.deepEqual(states, []);
  });
});
