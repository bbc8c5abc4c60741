/**
 * All roles as users start them, on a host whose clock is wrong, beside servers whose clocks are right: what comes is stored and decided, what
 * needs the hour waits and says why, schedules are kept by the right clock, and people are told by how much it is wrong.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Disposition } from '../../triggers/path/disposition.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { OVERRIDE_SIGNAL } from '../../workflows/kit/window-message.ts';
import { type BeginRun, beginsRuns } from '../support/begin-run.ts';
import { cli } from '../support/cli.ts';
import { type Installation, type RoleProcess, spawnRole, startInstallation } from '../support/installation.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { clockOff, lacksFaketime } from '../support/skewed-process.ts';
import { until } from '../support/until.ts';

const ROLES = ['intake', 'trigger', 'worker'] as const;
/** Three processes that start at once. */
const READY_MS = 180_000;
const HOUR = 3_600;
const OFFSETS = [
  ['+1h', HOUR],
  ['-1h', -HOUR],
  ['+3d', 72 * HOUR],
  ['-3d', -72 * HOUR],
] as const;

describe('all roles on a host whose clock is wrong', { skip: lacksFaketime }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-clocks-'));
  const notes = join(dir, 'notes');
  let tocsin: Installation;
  let channel: Receiver;
  let begin: BeginRun;
  let roles: RoleProcess[] = [];
  /** Runs that wait for a window, by the offset under which they began. */
  const waiting = new Map<string, string>();
  before(async () => {
    channel = await startReceiver();
    tocsin = await startInstallation({
      env: {
        TOCSIN_PROJECT: join(import.meta.dirname, '../support/timed-project'),
        TOCSIN_INTAKE_PORT: String(await freePort()),
        TIMED_CRON: '0 */6 * * *',
        TIMED_NOTES: notes,
        CLOCK_WEBHOOK: channel.url.href,
      },
      config: ({ target, origin }) => ({
        services: [target],
        http: { allow: [{ origin, private: true }] },
        windows: { always: { times: ['00:00-24:00'], zone: 'UTC' } },
        notify: {
          channels: [{ kind: 'webhook', url: 'env:CLOCK_WEBHOOK' }],
          dedup: '1s',
          watch: { every: '500ms', clockSkew: '30s' },
        },
      }),
    });
    begin = beginsRuns(tocsin, 'checkout');
  });
  afterEach(async () => {
    await Promise.all(roles.map((role) => role.stop()));
    roles = [];
  });
  after(async () => {
    await Promise.all(roles.map((role) => role.kill()));
    await tocsin?.stop();
    await channel?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const start = async (clock: Readonly<Record<string, string>>): Promise<void> => {
    for (const role of ROLES) roles.push(await spawnRole([role], { ...tocsin.env, ...clock }, tocsin.servers.dir));
    const dead = roles.map((role) => role.ended.then((how) => assert.fail(`a process ended: ${how}`)));
    for (const each of dead) each.catch(() => undefined);
    const ready = until(
      'they are ready',
      async () => (await Promise.all(roles.map((role) => role.ready()))).every(Boolean),
      READY_MS,
    );
    await Promise.race([ready, ...dead]);
  };
  const post = async (instance: string): Promise<number> => {
    const body = JSON.stringify(alertmanagerPayload('firing', { instance, startsAt: new Date().toISOString() }));
    const url = `http://127.0.0.1:${tocsin.env['TOCSIN_INTAKE_PORT']}/in/alertmanager`;
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    await answer.arrayBuffer();
    return answer.status;
  };
  const decided = async (instance: string): Promise<Readonly<Record<string, Disposition>>> => {
    const [record] = await until(`record of ${instance}`, async () => {
      const found = (await tocsin.records()).filter(({ event }) => event.labels['instance'] === instance);
      return found.length > 0 ? found : null;
    });
    return Object.fromEntries((record?.dispositions ?? []).map((each) => [each.trigger, each]));
  };
  const completed = (id: string): Promise<unknown> => tocsin.client.workflow.getHandle(id).result();
  const noted = (): string => (existsSync(notes) ? readFileSync(notes, 'utf8') : '');
  const details = async (id: string): Promise<string> =>
    JSON.stringify(await tocsin.client.workflow.getHandle(id).query('__temporal_workflow_metadata'));
  const aheadSeconds = async (server: string): Promise<number> => {
    const role = roles[ROLES.indexOf('trigger')] ?? assert.fail();
    const text = await (await fetch(role.metricsUrl)).text();
    return Number(new RegExp(`^tocsin_clock_ahead_seconds\\{.*server="${server}".*\\} (\\S+)$`, 'm').exec(text)?.[1]);
  };

  for (const [offset, seconds] of OFFSETS)
    it(`by ${offset}: nothing is lost, nothing acts by doubt, and it is named`, async () => {
      await start(clockOff(offset));
      const [minutes, way] = [Math.abs(seconds) / 60, seconds > 0 ? 'ahead of' : 'behind'];
      const doubt = (server: string): RegExp =>
        new RegExp(`closed by doubt: the clock of this host is ${minutes} min ${way} that of the ${server} server`);

      assert.equal(await post(offset), 202);
      const { 'restart-service': free, 'restart-in-window': bound } = await decided(offset);
      // What needs no hour is done; what needs it is held.
      assert.ok(free?.kind === 'started', JSON.stringify(free));
      await completed(free.workflowId);
      assert.ok(bound?.kind === 'held' && bound.reason === 'window', JSON.stringify(bound));
      assert.match(bound.detail, doubt('NATS'));

      const id = await begin('noteInWindow', { schedule: 'by-hand', nominal: offset });
      waiting.set(offset, id);
      await until('it waits and says why', async () => doubt('Temporal').test(await details(id)));
      assert.doesNotMatch(noted(), new RegExp(`by-hand/\\${offset}`));

      for (const server of ['nats', 'temporal']) {
        const measured = await until(`metric of ${server}`, async () => {
          const value = await aheadSeconds(server);
          return Math.abs(value + seconds) < 60 ? value : null;
        });
        const told = `the clock of ${server} is ${Math.abs(measured).toFixed(0).slice(0, -2)}`;
        await until(`notice of ${server}`, () =>
          channel.requests.some(
            ({ body }) => body.includes(told) && body.includes(measured < 0 ? 's behind ours' : 's ahead of ours'),
          ),
        );
      }

      // By the clock of this process, which is right.
      const difference = await cli(tocsin.env, '--json', 'schedule', 'diff');
      assert.equal(difference.code, 0, difference.stdout);
      assert.equal((await cli(tocsin.env, 'schedule', 'remove', 'in-code')).code, 0);
    });

  it('set right: what was held runs, what waited acts, and every event is accounted for', async () => {
    await start({});
    for (const [offset] of OFFSETS) {
      const id = waiting.get(offset) ?? assert.fail(`nothing waits since ${offset}`);
      // It looks again in five minutes, or when it is woken.
      await tocsin.client.workflow
        .getHandle(id)
        .signal(OVERRIDE_SIGNAL, 'always', { payload: '', key: '', signature: '' });
      assert.equal(await completed(id), `noted by-hand/${offset}`);
    }
    const released = `TocsinTrigger = 'restart-in-window' AND ExecutionStatus = 'Completed'`;
    await until('all that was held has run', async () => {
      const { count } = await tocsin.client.workflow.count(released);
      return count === OFFSETS.length;
    });
    const { counts, offenders } = await tocsin.audit();
    const byHand = [...waiting.values()];
    assert.deepEqual(
      offenders.filter(({ what }) => !byHand.includes(what)),
      [],
    );
    // Each alert, and each once more when it was let go.
    assert.deepEqual([counts.stored, counts.recorded, counts.pending], [2 * OFFSETS.length, 2 * OFFSETS.length, 0]);
    assert.deepEqual(noted().trim().split('\n').toSorted(), OFFSETS.map(([each]) => `by-hand/${each}`).toSorted());
  });
});
