import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Client } from 'pg';
import { createAllowedTarget } from '../../activities/allowed-target.ts';
import { configProvider } from '../../activities/inventory/config-provider.ts';
import { createInventory } from '../../activities/inventory/inventory.ts';
import { type ConfiguredDatabase, createDatabases } from '../../activities/postgres/databases.ts';
import type { EndResult, LockReport } from '../../activities/postgres.ts';
import { createPostgresActivities } from '../../activities/postgres.ts';
import { createAuthority } from '../support/certificates.ts';
import { type Postgres, lacksPostgres, startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const REGION = 'eu';
const SHOP = { database: 'shop', minWaitMs: 0 };

const activitiesOn = (databases: readonly Omit<ConfiguredDatabase, 'region'>[]) =>
  createPostgresActivities({
    allowedTarget: createAllowedTarget({
      region: REGION,
      inventory: createInventory([
        configProvider([
          ...databases.map(({ name }) => ({ id: name, kind: 'postgres', service: name, region: REGION, labels: {} })),
          { id: 'checkout', kind: 'service', service: 'checkout', region: REGION, labels: {} },
        ]),
      ]),
      rules: [],
    }),
    databaseOf: createDatabases(databases.map((database) => ({ ...database, region: REGION }))),
  });

describe('PostgreSQL', { skip: lacksPostgres }, () => {
  let postgres: Postgres;
  let on: ReturnType<typeof activitiesOn>;
  before(async () => {
    postgres = await startPostgres();
    on = activitiesOn([
      { name: 'shop', url: () => postgres.url('watcher'), tls: 'off' },
      { name: 'blind', url: () => postgres.url('app'), tls: 'off' },
      { name: 'omnipotent', url: () => postgres.url('postgres'), tls: 'off' },
      { name: 'lost', url: () => 'postgres://watcher:secret@127.0.0.1:1/shop', tls: 'off' },
      { name: 'absent', url: () => postgres.url('watcher', 'nothing'), tls: 'off' },
      { name: 'secured', url: () => postgres.url('watcher'), tls: 'verify' },
      { name: 'tricky', url: () => `${postgres.url('watcher')}?options=-c%20statement_timeout=0`, tls: 'off' },
    ]);
  });
  after(() => postgres?.stop());

  /** As an attempt of an activity. */
  const step = <T>(work: () => Promise<T>): Promise<T> =>
    new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run<[], T, () => Promise<T>>(work);
  const locks = (database = 'shop'): Promise<LockReport> => step(() => on.observeLocks({ ...SHOP, database }));
  const waitingIn = (wanted: number): Promise<LockReport> =>
    until(`${wanted} sessions wait`, async () => {
      const seen = await locks();
      return seen.chains.reduce((sum, { blocked }) => sum + blocked, 0) === wanted ? seen : null;
    });

  /** Holds the row until it is ended. */
  async function holder(user = 'app', row = 1, application = 'batch'): Promise<Client> {
    const client = await postgres.open(user, application);
    await client.query('begin');
    await client.query('update stock set amount = amount - 1 where id = $1', [row]);
    return client;
  }
  /** Waits for the row; resolves to what became of it. */
  async function waiter(row = 1): Promise<{ readonly ended: Promise<string>; readonly client: Client }> {
    const client = await postgres.open('app', 'shop');
    const ended = client.query('update stock set amount = amount - 1 where id = $1', [row]).then(
      () => 'updated',
      (error: unknown) => String(error),
    );
    return { ended, client };
  }
  const cancel = async (pid?: number): Promise<void> => {
    const operator = await postgres.open('postgres', 'operator');
    await operator.query('select pg_cancel_backend($1)', [pid]);
    await operator.end();
  };
  const close = (...clients: readonly Client[]): Promise<unknown> =>
    Promise.all(clients.map((client) => client.end().catch(() => undefined)));

  it('nothing is blocked', async () => {
    assert.deepEqual(await locks(), { chains: [], more: 0 });
  });

  it('a chain is seen from its root, and terminating the root ends all of it', async () => {
    const root = await holder();
    const first = await waiter();
    await waitingIn(1);
    const second = await waiter();
    const seen = await waitingIn(2);
    const [chain] = seen.chains;
    assert.equal(seen.chains.length, 1);
    assert.deepEqual(
      {
        user: chain?.root.user,
        application: chain?.root.application,
        state: chain?.root.state,
        protected: chain?.root.protected,
      },
      { user: 'app', application: 'batch', state: 'idle in transaction', protected: null },
    );
    assert.match(chain?.root.query ?? '', /^update stock/);
    assert.ok((chain?.root.ageMs ?? 0) > 0 && (chain?.longestWaitMs ?? 0) > 0);
    assert.equal(chain?.depth, 2);
    assert.ok(chain !== undefined);
    const request = { database: 'shop', backend: chain.root };

    assert.equal((await step(() => on.cancelBackend(request))).outcome, 'signalled');
    assert.equal((await waitingIn(2)).chains.length, 1, 'to cancel a session that idles changes nothing');
    const ended = await step(() => on.terminateBackend(request));
    assert.deepEqual(ended.outcome, 'signalled');
    assert.equal(await first.ended, 'updated');
    await close(first.client);
    assert.equal(await second.ended, 'updated');
    assert.deepEqual(await locks(), { chains: [], more: 0 });
    assert.equal(
      (await step(() => on.terminateBackend(request))).outcome,
      'gone',
      'the second time there is nothing left',
    );
    assert.equal(postgres.log().split('terminating connection due to administrator command').length - 1, 1);
    await close(root, second.client);
  });

  it('cancelling a statement that runs releases what it holds', async () => {
    const root = await postgres.open('app', 'report');
    const running = root
      .query('with held as (update stock set amount = 0 where id = 2 returning 1) select pg_sleep(600) from held')
      .then(() => 'done', String);
    await until('it holds the row', async () => (await sleeping(postgres)) === 1);
    const blocked = await waiter(2);
    const [chain] = (await waitingIn(1)).chains;
    assert.equal(chain?.root.state, 'active');
    assert.ok(chain !== undefined);
    assert.equal((await step(() => on.cancelBackend({ database: 'shop', backend: chain.root }))).outcome, 'signalled');
    assert.match(await running, /canceling statement due to user request/);
    assert.equal(await blocked.ended, 'updated');
    await close(root, blocked.client);
  });

  it('another transaction of the same session is left alone, and so is one that nobody waits for', async () => {
    const root = await holder('app', 3);
    const blocked = await waiter(3);
    const [chain] = (await waitingIn(1)).chains;
    assert.ok(chain !== undefined);
    await root.query('commit');
    assert.equal(await blocked.ended, 'updated');
    await root.query('begin');
    await root.query('update stock set amount = 1 where id = 3');
    const again = await waiter(3);
    await waitingIn(1);
    const old = { database: 'shop', backend: chain.root };
    assert.equal((await step(() => on.terminateBackend(old))).outcome, 'gone');
    const [now] = (await locks()).chains;
    assert.ok(now !== undefined);
    await cancel(now.waiting[0]?.pid);
    await close(again.client);
    await until('nobody waits', async () => (await locks()).chains.length === 0);
    const calm = await step(() => on.terminateBackend({ database: 'shop', backend: now.root }));
    assert.equal(calm.outcome, 'not-blocking');
    assert.equal((await root.query('select 1')).rowCount, 1, 'the session lives');
    await close(root);
  });

  it('a superuser is never ended, even by a superuser', async () => {
    const root = await holder('postgres', 4);
    const blocked = await waiter(4);
    const [chain] = (await waitingIn(1)).chains;
    assert.match(chain?.root.protected ?? '', /superuser/);
    assert.ok(chain !== undefined);
    for (const database of ['shop', 'omnipotent']) {
      const answer: EndResult = await step(() => on.terminateBackend({ database, backend: chain.root }));
      assert.deepEqual(answer, { outcome: 'protected', detail: 'its role postgres is a superuser' });
    }
    await root.query('rollback');
    await blocked.ended;
    await close(root, blocked.client);
  });

  it('a prepared transaction is seen and is nobody to end', async () => {
    const root = await holder('app', 5);
    await root.query("prepare transaction 'forgotten'");
    const blocked = await waiter(5);
    const [chain] = (await waitingIn(1)).chains;
    assert.equal(chain?.root.pid, 0);
    assert.match(chain?.root.protected ?? '', /pg_prepared_xacts/);
    await root.query("rollback prepared 'forgotten'");
    await blocked.ended;
    await close(root, blocked.client);
  });

  it('a user that may not see the others acts upon nobody', async () => {
    const root = await holder('watcher', 6).catch(() => null);
    assert.equal(root, null, 'watcher may not write');
    const other = await postgres.open('postgres', 'migration');
    await other.query('begin');
    await other.query('lock table stock');
    const blocked = await waiter(6);
    const chain = await until('blind sees the chain', async () => (await locks('blind')).chains[0]);
    assert.match(chain.root.protected ?? '', /hidden from app, who needs pg_monitor/);
    await other.query('rollback');
    await blocked.ended;
    await close(other, blocked.client);
  });

  for (const [database, failure, why] of [
    ['nobody', /TargetNotAllowed|nobody/, 'a name that is not in the inventory'],
    ['checkout', /expected a database/, 'a target that is no database'],
    ['absent', /database "nothing" does not exist \(SQLSTATE 3D000\)/, 'a database that is not there'],
    ['tricky', /without further settings/, 'settings in an address, which could lift the bounds'],
  ] as const)
    it(`${why} is refused for good`, async () => {
      await assert.rejects(
        locks(database),
        (error) =>
          error instanceof ApplicationFailure && error.nonRetryable === true && failure.test(String(error.message)),
      );
    });

  for (const [database, failure, why] of [
    ['lost', /database lost: .*ECONNREFUSED/, 'a server that does not answer'],
    ['secured', /database secured: The server does not support SSL connections/, 'a server without TLS'],
  ] as const)
    it(`${why} is tried again, and its password is in no message`, async () => {
      await assert.rejects(locks(database), (error: Error) => {
        assert.match(error.message, failure);
        assert.ok(!JSON.stringify(error, Object.getOwnPropertyNames(error)).includes('secret'));
        return !('nonRetryable' in error);
      });
    });
});

async function sleeping(postgres: Postgres): Promise<number> {
  const client = await postgres.open('postgres', 'looks');
  const { rows } = await client.query<{ count: number }>(
    "select count(*)::int as count from pg_stat_activity where wait_event = 'PgSleep'",
  );
  await client.end();
  return rows[0]?.count ?? 0;
}

describe('PostgreSQL with TLS and a standby', { skip: lacksPostgres }, () => {
  it('a certificate is checked, and the lag of a standby is told from both ends', async () => {
    let ca = '';
    const primary = await startPostgres({
      tls: (dir) => {
        const authority = createAuthority(dir, 'ca');
        ca = authority.ca;
        return authority.issue('server');
      },
    });
    const standby = await startPostgres({
      make: (data, run) =>
        run('pg_basebackup', '-D', data, '-R', '-X', 'stream', '-c', 'fast', '-d', primary.url('copier', 'postgres')),
    });
    const on = activitiesOn([
      { name: 'shop', url: () => primary.url('watcher'), tls: 'verify', ca: () => readFileSync(ca, 'utf8') },
      { name: 'strangers', url: () => primary.url('watcher'), tls: 'verify' },
      { name: 'copy', url: () => standby.url('watcher'), tls: 'off' },
    ]);
    const step = <T>(work: () => Promise<T>): Promise<T> =>
      new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run<[], T, () => Promise<T>>(work);
    try {
      const seen = await until('the standby follows', async () => {
        const report = await step(() => on.observeReplication({ database: 'shop' }));
        return report.standbys[0]?.state === 'streaming' ? report : null;
      });
      assert.equal(seen.role, 'primary');
      assert.equal(seen.standbys[0]?.sync, false);
      assert.equal(typeof seen.standbys[0]?.lagBytes, 'number');
      const copy = await step(() => on.observeReplication({ database: 'copy' }));
      assert.equal(copy.role, 'standby');
      await assert.rejects(
        step(() => on.observeReplication({ database: 'strangers' })),
        /database strangers: .*certificate/,
      );
      const other = await standby.open('postgres');
      const writer = await primary.open('app');
      await writer.query('update stock set amount = 7');
      await until(
        'it has replayed one',
        async () => (await other.query('select from stock where amount = 7')).rowCount === 20,
      );
      await other.query('select pg_wal_replay_pause()');
      await writer.query('update stock set amount = amount + 1');
      await until('the standby is behind', async () => {
        const { standbys } = await step(() => on.observeReplication({ database: 'shop' }));
        return (standbys[0]?.lagBytes ?? 0) > 0;
      });
      await until('and knows it', async () => {
        const { replayedAgoMs } = await step(() => on.observeReplication({ database: 'copy' }));
        return (replayedAgoMs ?? 0) > 0;
      });
    } finally {
      await standby.stop();
      await primary.stop();
    }
  });
});
