import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { freePort } from '../../workers/servers/server-process.ts';
import type { KillBlockersReport } from '../../workflows/kill-blockers.ts';
import type { Plan } from '../../workflows/kit/plan.ts';
import { RESOLVED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { type DatabaseLab, startDatabaseLab } from '../support/database-lab.ts';
import { type Chain, lockChain } from '../support/lock-chain.ts';
import { lacksPrometheus, startMonitoring } from '../support/monitoring.ts';
import { lacksPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const NOW = { database: 'shop', minWaitMs: 0 };
const ASK_AT_ONCE = { ...NOW, ask: { blocked: 1, ageMs: 3_600_000 } };

const deepestMessage = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error ? deepestMessage(error.cause) : String(error);

describe('runbook killBlockers', { skip: lacksPostgres }, () => {
  let lab: DatabaseLab;
  before(async () => {
    lab = await startDatabaseLab();
    await lab.tocsin.startReady('worker');
  });
  after(() => lab?.stop());

  const became = async (run: WorkflowHandle): Promise<string[]> => {
    const { outcome, chains } = (await run.result()) as KillBlockersReport;
    return [outcome, ...chains.map((chain) => chain.became)];
  };
  const failure = (run: WorkflowHandle): Promise<string> =>
    run.result().then((result: unknown) => assert.fail(`it completed: ${JSON.stringify(result)}`), deepestMessage);
  /** Ends what the test itself has left behind. */
  const release = async ({ root, waiters }: Chain): Promise<void> => {
    await root.query('rollback');
    assert.deepEqual(
      await Promise.all(waiters),
      waiters.map(() => 'updated'),
    );
  };

  it('nobody waits, or not for long enough: nothing is done', async () => {
    assert.deepEqual(await became(await lab.begin(NOW)), ['nothing-blocked']);
    const chain = await lockChain(lab.postgres, { row: 1 });
    assert.deepEqual(await became(await lab.begin({ ...NOW, minWaitMs: 3_600_000 })), ['nothing-blocked']);
    assert.equal(await chain.alive(), true);
    await release(chain);
  });

  it('a session that idles in its transaction is ended, and everybody behind it goes on', async () => {
    const chain = await lockChain(lab.postgres, { row: 2 });
    const report = (await (await lab.begin(NOW)).result()) as KillBlockersReport;
    assert.deepEqual(await Promise.all(chain.waiters), ['updated']);
    assert.equal(await chain.alive(), false);
    assert.equal(report.outcome, 'ended');
    assert.match(report.chains[0]?.root ?? '', /^app \(batch\) pid \d+$/);
    assert.deepEqual([report.chains[0]?.blocked, report.chains[0]?.became], [1, 'terminated']);
    assert.match(report.report, /## Done\n\n- terminate app \(batch\) pid \d+ in shop$/);
  });

  it('a statement that runs is cancelled, and its session lives', async () => {
    const chain = await lockChain(lab.postgres, { row: 3, running: true, waiting: 1 });
    assert.deepEqual(await became(await lab.begin(NOW)), ['ended', 'cancelled']);
    assert.match(await chain.rootEnded, /canceling statement due to user request/);
    assert.deepEqual(await Promise.all(chain.waiters), ['updated']);
    assert.equal(await chain.alive(), true);
    await release({ ...chain, waiters: [] });
  });

  it('a transaction that survives being cancelled is ended', async () => {
    const chain = await lockChain(lab.postgres, { row: 4, running: true, stubborn: true });
    assert.deepEqual(await became(await lab.begin(NOW)), ['ended', 'terminated']);
    assert.match(await chain.rootEnded, /canceling statement due to user request/);
    assert.deepEqual(await Promise.all(chain.waiters), ['updated']);
  });

  it('a long queue is ended when a human says so', async () => {
    const chain = await lockChain(lab.postgres, { row: 5, waiting: 2 });
    const run = await lab.begin({ ...NOW, ask: { blocked: 2, ageMs: 3_600_000 } });
    const question = await lab.question(run.workflowId);
    assert.match(
      question.asked.human.text,
      /^app \(batch\) pid \d+ blocks 2 sessions of shop, .* last statement: update stock .*\. End it\? What it did is rolled back\.$/,
    );
    assert.equal(await chain.alive(), true);
    await lab.answer(question, 'end it');
    assert.deepEqual(await became(run), ['ended', 'terminated']);
    assert.equal(await chain.waiters[0], 'updated');
  });

  it('and stays when a human says so', async () => {
    const chain = await lockChain(lab.postgres, { row: 6 });
    const run = await lab.begin(ASK_AT_ONCE);
    await lab.answer(await lab.question(run.workflowId), 'leave it');
    assert.deepEqual(await became(run), ['left', 'left']);
    assert.equal(await chain.alive(), true);
    await release(chain);
  });

  it('what became of it while the human thought is left alone', async () => {
    const chain = await lockChain(lab.postgres, { row: 7 });
    const run = await lab.begin(ASK_AT_ONCE);
    const question = await lab.question(run.workflowId);
    await release(chain);
    await chain.root.query('begin');
    await lab.answer(question, 'end it');
    assert.deepEqual(await became(run), ['ended', 'gone']);
    assert.equal(await chain.alive(), true);
  });

  it('its alert is resolved while it asks: nothing is done', async () => {
    const chain = await lockChain(lab.postgres, { row: 8 });
    const run = await lab.begin(ASK_AT_ONCE);
    await lab.question(run.workflowId);
    await run.signal(RESOLVED_SIGNAL, { stream: 'EVENTS_EU', sequence: 2, storedAt: 0 });
    assert.deepEqual(await run.result(), { outcome: 'resolved-meanwhile', undone: [] });
    assert.equal(await chain.alive(), true);
    await release(chain);
  });

  it('a superuser stays, what is small besides is ended, and a human is called', async () => {
    const own = await lockChain(lab.postgres, { row: 9, user: 'postgres' });
    const other = await lockChain(lab.postgres, { row: 10 });
    const message = await failure(await lab.begin(NOW));
    assert.match(
      message,
      /shop is still blocked: postgres \(batch\) pid \d+ blocks 1, its role postgres is a superuser/,
    );
    assert.deepEqual(await Promise.all(other.waiters), ['updated']);
    assert.equal(await own.alive(), true);
    await release(own);
  });

  it('a plan names the transaction and does nothing; approved, it does just that', async () => {
    const chain = await lockChain(lab.postgres, { row: 11 });
    const { plan } = (await (await lab.begin(ASK_AT_ONCE, { mode: 'plan' })).result()) as { readonly plan: Plan };
    assert.equal(plan.partial, null);
    assert.deepEqual(
      plan.actions.flatMap(({ calls }) => calls.map(({ activity }) => activity)),
      ['terminateBackend'],
    );
    assert.equal(await chain.alive(), true);
    const run = await lab.begin(ASK_AT_ONCE, { mode: 'approve' });
    await lab.approve(run.workflowId);
    assert.deepEqual(await became(run), ['ended', 'terminated']);
    assert.deepEqual(await Promise.all(chain.waiters), ['updated']);
  });

  it('a database that the configuration does not name is refused', async () => {
    assert.match(
      await failure(await lab.begin({ ...NOW, database: 'postgres' })),
      /"postgres" is not in the inventory/,
    );
  });

  it('a real alert of a real Prometheus ends a real chain', { skip: lacksPrometheus }, async () => {
    const { tocsin, postgres } = lab;
    const port = await freePort();
    tocsin.env['TOCSIN_INTAKE_PORT'] = String(port);
    await Promise.all([tocsin.startReady('intake'), tocsin.startReady('trigger')]);
    const monitoring = await startMonitoring({
      dir: join(tocsin.servers.dir, 'monitoring'),
      alertname: 'PostgresBlocked',
      labels: { database: 'shop', severity: 'critical' },
      webhook: `http://127.0.0.1:${port}/in/alertmanager`,
    });
    try {
      const chain = await lockChain(postgres, { row: 12, waiting: 1 });
      const watcher = await postgres.open('watcher');
      await until('it has waited for long', async () => {
        const { rows } = await watcher.query<{ long: boolean }>(
          "select coalesce(bool_or(clock_timestamp() - waitstart > '5 s'), false) as long from pg_locks",
        );
        return rows[0]?.long === true;
      });
      monitoring.setHealthy(false);
      assert.deepEqual(await Promise.all(chain.waiters), ['updated']);
      const record = await until('its record', async () => (await tocsin.records())[0]);
      const [disposition] = record.dispositions;
      assert.deepEqual([disposition?.trigger, disposition?.kind], ['kill-blockers', 'started']);
    } finally {
      await monitoring.stop();
    }
  });
});
