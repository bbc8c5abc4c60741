import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ListedRun } from '../../workers/listed-run.ts';
import type { ShownRun } from '../../workers/run-report.ts';
import { cli } from '../support/cli.ts';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

describe('tocsin runs', () => {
  let tocsin: Installation;
  let worker: RoleProcess;
  before(async () => {
    // Its restart does not help, so that a run verifies for long enough to be looked at and cancelled.
    tocsin = await startInstallation({ stubborn: true });
    [, worker] = await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
  });
  after(() => tocsin.stop());

  const runs = (...args: readonly string[]) => cli(tocsin.env, '--json', 'runs', ...args);
  const listed = async (...args: readonly string[]): Promise<ListedRun[]> =>
    (await runs('list', ...args)).json as ListedRun[];
  const shown = async (id: string): Promise<ShownRun & { link: string | null }> =>
    (await runs('show', id)).json as ShownRun & { link: string | null };

  let id = '';
  it('lists a run by what it is, and shows it while it goes on', async () => {
    await tocsin.service.exhaust();
    await storeAlert(tocsin.log, tocsin.region, 'firing');
    const [run] = await until('it verifies', async () => {
      const found = await listed('--status', 'running', '--service', 'checkout');
      const checklist = found[0] === undefined ? null : (await shown(found[0].workflowId)).checklist;
      return /⏳ does checkout answer/.test(checklist ?? '') && found;
    });
    assert.ok(run);
    id = run.workflowId;
    assert.deepEqual(
      [run.runbook, run.status, run.trigger, run.region, run.service, run.severity],
      ['restartService', 'running', 'restart-service', 'eu', 'checkout', 'critical'],
    );
    const document = await shown(id);
    assert.deepEqual(document.input, { service: 'checkout' });
    assert.match(document.checklist ?? '', /✔ restart checkout/);
    assert.ok(document.timeline.some(({ title, outcome }) => title === 'restart checkout' && outcome === 'ok'));
    assert.equal(document.failure, null);
  });

  it('cancels it for a reason that stays in its history; the run undoes first', async () => {
    assert.equal((await runs('cancel', id)).code, 2, 'a reason is required');
    const { code, json, stderr } = await runs('cancel', id, '--why', 'wrong service', '--wait');
    assert.equal(code, 0, stderr);
    assert.equal((json as { status: string }).status, 'canceled');
    const { timeline, status, checklist } = await shown(id);
    assert.equal(status, 'canceled');
    assert.match(timeline.find(({ kind }) => kind === 'cancel')?.detail ?? '', /: wrong service$/);
    assert.ok(
      timeline.some(({ title, outcome }) => title === 'undo: take checkout out of rotation' && outcome === 'ok'),
    );
    assert.match(checklist ?? '', /✔ undo: take checkout out of rotation/);
    assert.equal(tocsin.service.effects().at(-1)?.action, 'put-back');
    assert.equal((await runs('cancel', id, '--why', 'again')).code, 1);
  });

  it('finds it by status, and nothing elsewhere', async () => {
    await until('visibility has it', async () => (await listed('--status', 'canceled')).length === 1);
    assert.deepEqual(await listed('--region', 'us'), []);
    assert.deepEqual(await listed('--trigger', 'by-hand'), []);
    assert.deepEqual(await listed('--since', '1ms'), []);
  });

  it('shows a run without a worker, and says what is missing then', async () => {
    await worker.kill();
    const { code, stdout } = await cli(tocsin.env, 'runs', 'show', id);
    assert.equal(code, 0);
    assert.match(stdout, /no worker answered/);
    assert.match(stdout, /✔ restart checkout/);
  });

  it('tells the post-mortem of a run that did not complete, without a worker', async () => {
    const { code, stdout } = await cli(tocsin.env, 'runs', 'show', id, '--markdown');
    assert.equal(code, 0);
    assert.match(stdout, /^# restartService for checkout\n[\s\S]*\n- status: (canceled|failed)/);
    assert.match(stdout, /## Undone\n\n- [\d:]+Z take checkout out of rotation\n/);
    assert.match(stdout, /## Left as it is\n\n- restart checkout\n/);
  });

  it('what cannot be asked for is exit code 2, what is not there 1', async () => {
    const refused = [
      ['list', '--status', 'sick'],
      ['list', '--limit', '0'],
      ['list', '--since', 'yesterday'],
      ['list', '--service', "a'b"],
    ] as const;
    for (const args of refused) assert.equal((await runs(...args)).code, 2, args.join(' '));
    const { code, json } = await runs('show', 'nobody');
    assert.equal(code, 1);
    assert.match((json as { error: string }).error, /run "nobody" is not there/);
  });
});
