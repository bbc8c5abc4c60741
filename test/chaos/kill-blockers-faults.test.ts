/**
 * What can go wrong with a database while killBlockers works on it, and with those who are asked: each time the run ends well before its bound,
 * and its post-mortem names the step, what was done, and what is left to do for a human. A real PostgreSQL. Minutes, so run by name.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { signAnswer } from '../../workers/sign-answer.ts';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import { send } from '../support/approvals.ts';
import { type DatabaseLab, startDatabaseLab } from '../support/database-lab.ts';
import { type FaultEnd, ended, judgeFault, untilCalled } from '../support/faulty-run.ts';
import { approveTooLate } from '../support/late-approval.ts';
import { lockChain } from '../support/lock-chain.ts';
import { type Postgres, lacksPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

interface Fault extends FaultEnd {
  readonly name: string;
  /** `shop`: what is signalled is held back from the run. */
  readonly database: 'direct' | 'shop';
  readonly input?: object;
  readonly context?: Partial<RunContext>;
  /** Before the run begins; else once PostgreSQL has obeyed to cancel. */
  readonly before?: true;
  /** Returns what takes it back. */
  readonly strike: (postgres: Postgres) => Promise<() => Promise<void> | void>;
  readonly meanwhile?: (lab: DatabaseLab, run: WorkflowHandle) => Promise<void>;
  /** How often PostgreSQL obeyed, by its own log. */
  readonly cancelled: number;
}

/** Its statement is cancelled, which releases nothing; so it would be terminated next. */
const CANCEL = 'cancel app (batch) pid N in';
const NOTHING = { done: [], undone: [], cancelled: 0 } as const;
const OBEYED = /canceling statement due to user request/g;

const gone = async (postgres: Postgres): Promise<() => Promise<void>> => {
  await postgres.kill();
  return () => postgres.start();
};

/** Wants another password than Tocsin's from now on. */
async function refuse(postgres: Postgres): Promise<() => Promise<void>> {
  const rules = join(postgres.dir, 'data/pg_hba.conf');
  const were = readFileSync(rules, 'utf8');
  const admin = await postgres.open('postgres');
  await admin.query("alter role watcher password 'other'");
  writeFileSync(rules, `host all watcher 127.0.0.1/32 scram-sha-256\n${were}`);
  postgres.signal('SIGHUP');
  const isLetIn = (): Promise<boolean> =>
    postgres.open('watcher').then(
      () => true,
      () => false,
    );
  await until('Tocsin is not let in', async () => !(await isLetIn()));
  return async () => {
    writeFileSync(rules, were);
    postgres.signal('SIGHUP');
    await until('Tocsin is let in', isLetIn);
  };
}

const pause = async (postgres: Postgres): Promise<() => void> => {
  postgres.signal('SIGSTOP');
  return () => postgres.signal('SIGCONT');
};
const nothing = async (): Promise<() => void> => () => undefined;

const FAULTS: readonly Fault[] = [
  {
    name: 'connection refused from the start',
    database: 'direct',
    before: true,
    strike: gone,
    ends: 'failed',
    failed: /^who blocks whom in direct\?: database direct: connect ECONNREFUSED/,
    human: /find out why "who blocks whom in direct\?" failed/,
    ...NOTHING,
  },
  {
    name: 'target gone after its first effect',
    database: 'direct',
    strike: gone,
    ends: 'failed',
    failed: /^does nobody wait for app \(batch\) pid N any more\? \(\d\/5\): database direct: /,
    human: /"cancel app \(batch\) pid N in direct" was done and is not undone: undo it by hand, or leave it/,
    done: [`${CANCEL} direct`],
    undone: [],
    cancelled: 1,
  },
  {
    name: 'auth refused after its first effect',
    database: 'direct',
    strike: refuse,
    ends: 'failed',
    failed:
      /any more\? \(\d\/5\): database direct: password authentication failed for user "watcher" \(SQLSTATE 28P01\)/,
    human: /find out why "does nobody wait for app \(batch\) pid N any more\? \(\d\/5\)" failed/,
    done: [`${CANCEL} direct`],
    undone: [],
    cancelled: 1,
  },
  {
    name: 'half-finished effect: PostgreSQL obeyed, and is gone before it says so',
    database: 'shop',
    strike: gone,
    ends: 'failed',
    failed: /^cancel app \(batch\) pid N in shop: database shop: /,
    human: /find out why "cancel app \(batch\) pid N in shop" failed, and how its target is now/,
    done: [],
    undone: [],
    cancelled: 1,
  },
  {
    name: 'hung command: PostgreSQL obeyed, and never says so',
    database: 'shop',
    strike: nothing,
    ends: 'failed',
    failed: /^cancel app \(batch\) pid N in shop: database shop: Query read timeout/,
    human: /find out why "cancel app \(batch\) pid N in shop" failed, and how its target is now/,
    done: [],
    undone: [],
    cancelled: 1,
  },
  {
    name: 'hung server: it takes connections and says nothing',
    database: 'direct',
    before: true,
    strike: pause,
    ends: 'failed',
    failed: /^who blocks whom in direct\?: database direct: .*timeout/,
    human: /find out why "who blocks whom in direct\?" failed/,
    ...NOTHING,
  },
  {
    name: 'approval after expiry',
    database: 'direct',
    before: true,
    context: { mode: 'approve' },
    strike: nothing,
    meanwhile: ({ tocsin, approver }, { workflowId }) => approveTooLate(tocsin.client, workflowId, approver),
    ends: 'failed',
    human: /nobody approved plan [0-9a-f]{12} in time; nothing further was done/,
    ...NOTHING,
  },
  {
    name: 'answer after expiry',
    database: 'direct',
    input: { ask: { blocked: 1, ageMs: 3_600_000 } },
    before: true,
    strike: nothing,
    meanwhile: async (lab, run) => {
      const { workflowId, runId, execution, asked } = await lab.question(run.workflowId);
      await ended(lab.tocsin.client, run.workflowId);
      const { planHash, expiresAt } = asked;
      const unsigned = { decision: 'end it', workflowId, runId, execution, planHash, expiresAt, reason: 'late' };
      const late = await send(lab.tocsin.client, workflowId, 'answer', [signAnswer(lab.approver, unsigned)]);
      assert.match(JSON.stringify(late), /^"refused by the server: /);
    },
    ends: 'failed',
    human:
      /nobody answered in time: app \(batch\) pid N blocks 1 sessions of direct, .*a human has to look, and to take over/,
    ...NOTHING,
  },
];

describe('faults of killBlockers', { skip: lacksPostgres }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-blockers-'));
  const hold = join(dir, 'hold');
  let lab: DatabaseLab;
  before(async () => {
    lab = await startDatabaseLab({ hold, expiry: '3s' });
    await lab.tocsin.startReady('worker');
  });
  after(async () => {
    await lab?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const obeyed = (since: number): number => lab.postgres.log().slice(since).match(OBEYED)?.length ?? 0;
  const struck = async ({ database, input, context, before: early, strike, meanwhile }: Fault): Promise<string> => {
    const told = lab.postgres.log().length;
    if (early !== true) writeFileSync(hold, '');
    let takeBack = early === true ? await strike(lab.postgres) : null;
    const run = await lab.begin({ database, minWaitMs: 0, ...input }, context);
    try {
      if (takeBack === null) {
        if (database === 'direct') await untilCalled(lab.tocsin.client, run.workflowId, 'cancelBackend');
        else await until('PostgreSQL has obeyed', () => obeyed(told) > 0);
        takeBack = await strike(lab.postgres);
      }
      await meanwhile?.(lab, run);
      await ended(lab.tocsin.client, run.workflowId);
    } finally {
      rmSync(hold, { force: true });
      await takeBack?.();
    }
    return run.workflowId;
  };

  for (const [index, fault] of FAULTS.entries())
    it(`${fault.name}: the run is ${fault.ends}, and says what was done and is left to do`, async () => {
      await lockChain(lab.postgres, { row: index + 1, running: true, stubborn: true });
      const told = lab.postgres.log().length;
      const id = await struck(fault);
      const cancelled = obeyed(told);
      // Those of the next fault are to be the only ones.
      await (
        await lab.postgres.open('postgres')
      ).query("select pg_terminate_backend(pid) from pg_stat_activity where application_name in ('batch', 'shop')");
      await judgeFault(lab.tocsin, id, fault);
      assert.equal(cancelled, fault.cancelled);
    });
});
