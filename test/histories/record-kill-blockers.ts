/** Records histories of killBlockers on a real database: `node --import tsx test/histories/record-kill-blockers.ts NAME...`; see record.ts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { KillBlockersInput } from '../../workflows/kill-blockers.ts';
import { RESOLVED_SIGNAL, type RunMode } from '../../workflows/kit/run-context.ts';
import { type DatabaseLab, startDatabaseLab } from '../support/database-lab.ts';
import { untilTriedAgain } from '../support/attempts.ts';
import { type ChainOptions, lockChain } from '../support/lock-chain.ts';
import { anonymousHistory } from '../../workers/testing/anonymous-history.ts';

interface Recording {
  readonly chain?: Omit<ChainOptions, 'row'>;
  readonly asks?: true;
  readonly mode?: RunMode;
  /** How long a question stands. */
  readonly expiry?: string;
  readonly before?: (lab: DatabaseLab) => Promise<void>;
  readonly during?: (lab: DatabaseLab, workflowId: string) => Promise<void>;
}

const answer =
  (choice: string) =>
  async (lab: DatabaseLab, workflowId: string): Promise<void> =>
    lab.answer(await lab.question(workflowId), choice);

/** How many sessions the run may have there; without a number: any. */
const limitSessions = async ({ postgres }: DatabaseLab, most = -1): Promise<void> => {
  const superuser = await postgres.open('postgres', 'recorder');
  await superuser.query(`alter role watcher connection limit ${most}`);
  await superuser.end();
};

const RECORDINGS: Readonly<Record<string, Recording>> = {
  'nothing-blocked': {},
  terminated: { chain: {} },
  cancelled: { chain: { running: true } },
  'cancelled-in-vain': { chain: { running: true, stubborn: true } },
  protected: { chain: { user: 'postgres' } },
  asked: { chain: {}, asks: true, during: answer('end it') },
  left: { chain: {}, asks: true, during: answer('leave it') },
  planned: { chain: {}, mode: 'plan' },
  denied: { chain: {}, mode: 'approve', during: (lab, workflowId) => lab.approve(workflowId, 'deny') },
  expired: { chain: {}, asks: true, expiry: '1 s' },
  'tried-again': {
    chain: {},
    before: (lab) => limitSessions(lab, 0),
    during: async (lab, workflowId) => {
      await untilTriedAgain(lab.tocsin.client.workflow.getHandle(workflowId), 'observeLocks');
      await limitSessions(lab);
    },
  },
  /** By an operator; `cancelled` is what became of a statement. */
  'ended-by-hand': {
    chain: {},
    asks: true,
    during: async (lab, workflowId) => {
      await lab.question(workflowId);
      await lab.tocsin.client.workflow.getHandle(workflowId).cancel();
    },
  },
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

const DEFAULT_EXPIRY = '30 m';
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !Object.hasOwn(RECORDINGS, name));
if (unknown !== undefined)
  throw new Error(`${unknown} is no recording; expected some of ${Object.keys(RECORDINGS).join(', ')}`);
const expiryOf = (name: string): string => RECORDINGS[name]?.expiry ?? DEFAULT_EXPIRY;

for (const expiry of new Set(wanted.map(expiryOf))) {
  const lab = await startDatabaseLab({ expiry });
  try {
    await lab.tocsin.startReady('worker');
    const names = wanted.filter((name) => expiryOf(name) === expiry);
    for (const [index, name] of names.entries()) await record(lab, name, index + 1);
  } finally {
    await lab.stop();
  }
}

async function record(lab: DatabaseLab, name: string, row: number): Promise<void> {
  const { chain, asks, mode, before, during } = RECORDINGS[name] ?? {};
  const held = chain === undefined ? null : await lockChain(lab.postgres, { ...chain, row });
  const input: KillBlockersInput = {
    database: 'shop',
    minWaitMs: 0,
    ...(asks && { ask: { blocked: 1, ageMs: 3_600_000 } }),
  };
  await before?.(lab);
  const run = await lab.begin(input, mode === undefined ? {} : { mode }, `recorded ${name}`);
  await during?.(lab, run.workflowId);
  await run.result().catch(() => undefined);
  // What the run left is nobody's to find in the next recording.
  await held?.root.query('rollback').catch(() => undefined);
  await Promise.all(held?.waiters ?? []);
  const file = join(import.meta.dirname, `killBlockers-${name}.json`);
  writeFileSync(file, `${JSON.stringify(anonymousHistory(JSON.parse(historyToJSON(await run.fetchHistory()))), null, 1)}\n`);
}
