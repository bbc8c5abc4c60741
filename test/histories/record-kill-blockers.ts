/** Records histories of killBlockers on a real database: `node --import tsx test/histories/record-kill-blockers.ts NAME...`; see record.ts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { KillBlockersInput } from '../../workflows/kill-blockers.ts';
import { RESOLVED_SIGNAL, type RunMode } from '../../workflows/kit/run-context.ts';
import { type DatabaseLab, startDatabaseLab } from '../support/database-lab.ts';
import { type ChainOptions, lockChain } from '../support/lock-chain.ts';
import { anonymousHistory } from '../../workers/testing/anonymous-history.ts';

interface Recording {
  readonly chain?: Omit<ChainOptions, 'row'>;
  readonly asks?: true;
  readonly mode?: RunMode;
  readonly during?: (lab: DatabaseLab, workflowId: string) => Promise<void>;
}

const answer =
  (choice: string) =>
  async (lab: DatabaseLab, workflowId: string): Promise<void> =>
    lab.answer(await lab.question(workflowId), choice);

const RECORDINGS: Readonly<Record<string, Recording>> = {
  'nothing-blocked': {},
  terminated: { chain: {} },
  cancelled: { chain: { running: true } },
  'cancelled-in-vain': { chain: { running: true, stubborn: true } },
  protected: { chain: { user: 'postgres' } },
  asked: { chain: {}, asks: true, during: answer('end it') },
  left: { chain: {}, asks: true, during: answer('leave it') },
  planned: { chain: {}, mode: 'plan' },
  approved: { chain: {}, mode: 'approve', during: (lab, workflowId) => lab.approve(workflowId) },
  'resolved-meanwhile': {
    chain: {},
    asks: true,
    during: async (lab, workflowId) => {
      await lab.question(workflowId);
      const resolved = { stream: 'EVENTS_EU', sequence: 2, storedAt: 0 };
      await lab.tocsin.client.workflow.getHandle(workflowId).signal(RESOLVED_SIGNAL, resolved);
    },
  },
};

const lab = await startDatabaseLab();
try {
  await lab.tocsin.startReady('worker');
  for (const [index, name] of process.argv.slice(2).entries()) await record(name, index + 1);
} finally {
  await lab.stop();
}

async function record(name: string, row: number): Promise<void> {
  const recording = RECORDINGS[name];
  if (recording === undefined)
    throw new Error(`${name} is no recording; expected some of ${Object.keys(RECORDINGS).join(', ')}`);
  const { chain, asks, mode, during } = recording;
  const held = chain === undefined ? null : await lockChain(lab.postgres, { ...chain, row });
  const input: KillBlockersInput = {
    database: 'shop',
    minWaitMs: 0,
    ...(asks && { ask: { blocked: 1, ageMs: 3_600_000 } }),
  };
  const run = await lab.begin(input, mode === undefined ? {} : { mode }, `recorded ${name}`);
  await during?.(lab, run.workflowId);
  await run.result().catch(() => undefined);
  // What the run left is nobody's to find in the next recording.
  await held?.root.query('rollback').catch(() => undefined);
  await Promise.all(held?.waiters ?? []);
  const file = join(import.meta.dirname, `killBlockers-${name}.json`);
  writeFileSync(file, `${JSON.stringify(anonymousHistory(JSON.parse(historyToJSON(await run.fetchHistory()))), null, 1)}\n`);
}
