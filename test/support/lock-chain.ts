/** Sessions that wait for each other in a real PostgreSQL: one holds a row, others want it. */
import type { Client } from 'pg';
import type { Postgres } from './postgres.ts';
import { until } from './until.ts';

export interface ChainOptions {
  readonly row: number;
  /** Default 1. */
  readonly waiting?: number;
  /** Who holds the row; default `app`. */
  readonly user?: string;
  /** Whether it runs a statement for ten minutes, or idles in its transaction (default). */
  readonly running?: boolean;
  /** It holds the row through a savepoint before the statement, so that to cancel the statement releases nothing. */
  readonly stubborn?: boolean;
}

export interface Chain {
  readonly root: Client;
  /** What became of the statement that the root runs; `idle` when it runs none. */
  readonly rootEnded: Promise<string>;
  /** What became of each that waits: `updated`, or the error. */
  readonly waiters: readonly Promise<string>[];
  /** Whether the session of the root is alive. */
  alive(): Promise<boolean>;
}

/** Resolves when all of them wait. */
export async function lockChain(postgres: Postgres, options: ChainOptions): Promise<Chain> {
  const { row, waiting = 1, user = 'app', running = false, stubborn = false } = options;
  const root = await postgres.open(user, 'batch');
  await root.query('begin');
  await root.query('update stock set amount = amount - 1 where id = $1', [row]);
  if (stubborn) await root.query('savepoint before');
  const rootEnded = running ? root.query('select pg_sleep(600)').then(() => 'done', String) : Promise.resolve('idle');
  // As an application does that takes a cancelled statement for a hiccup.
  if (stubborn) void rootEnded.then(() => root.query('rollback to before')).catch(() => undefined);
  const before = await waitingCount(postgres);
  const clients = await Promise.all(Array.from({ length: waiting }, () => postgres.open('app', 'shop')));
  const waiters = clients.map((client) =>
    client.query('update stock set amount = amount - 1 where id = $1', [row]).then(() => 'updated', String),
  );
  await until('all wait', async () => (await waitingCount(postgres)) === before + waiting);
  const alive = (): Promise<boolean> =>
    root.query('select 1').then(
      () => true,
      // In a transaction that failed it answers all the same; one that is gone does not.
      (error: unknown) => String(error).includes('current transaction is aborted'),
    );
  return { root, rootEnded, waiters, alive };
}

async function waitingCount(postgres: Postgres): Promise<number> {
  const client = await postgres.open('postgres', 'looks');
  const { rows } = await client.query<{ count: number }>(
    "select count(*)::int as count from pg_stat_activity where wait_event_type = 'Lock'",
  );
  await client.end();
  return rows[0]?.count ?? 0;
}
