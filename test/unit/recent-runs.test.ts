import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { RunInfo } from '../../triggers/path/ports.ts';
import { createRecentRuns } from '../../triggers/path/recent-runs.ts';
import { startRequest } from '../support/path-servers.ts';

const NOW = 1_000_000;

describe('runs started lately', () => {
  it('are those of now once asked anew, also while a look that began earlier is under way', async () => {
    const there: RunInfo[] = [];
    const answers: (() => void)[] = [];
    const recent = createRecentRuns({
      runs: {
        startedSince: async function* () {
          const seen = [...there];
          await new Promise<void>((resolve) => answers.push(resolve));
          yield* seen;
        },
      },
      withinMs: 600_000,
      logger: pino({ level: 'silent' }),
      now: () => NOW,
    });
    const started = recent.start();
    const { workflowId, workflowType, context } = startRequest('us', 1);
    there.push({
      workflowId,
      workflowType,
      context,
      runId: 'r',
      status: 'running',
      startedAt: NOW - 1,
      closedAt: null,
    });
    const refreshed = recent.refresh();
    answers.shift()?.();
    await started;
    assert.deepEqual(recent.list(), [], 'asked before it was there');
    answers.shift()?.();
    await refreshed;
    assert.deepEqual(
      recent.list().map((run) => run.workflowId),
      [workflowId],
    );
    recent.close();
  });
});
