import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type DemoService, startDemoService } from '../../workers/demo/supervisor.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import type { RolloutStatus } from '../../workflows/kit/rollout-message.ts';
import { wholeActs } from '../support/acts.ts';
import { cli } from '../support/cli.ts';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const PATCHED = 'tocsin.event.fleet.patch.requested';

describe('patchFleet on real services', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-fleet-'));
  const services: DemoService[] = [];
  let tocsin: Installation;
  let worker: RoleProcess;
  const patches = (): string[] => {
    const file = join(dir, 'patches');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  };
  const named = (name: string): string[] => patches().filter((line) => line.startsWith(`${name} `));

  before(async () => {
    for (const name of ['a', 'b', 'c'])
      services.push(
        await startDemoService({ name, region: 'eu', dir: join(dir, `service-${name}`), port: await freePort() }),
      );
    tocsin = await startInstallation({
      env: { TOCSIN_PROJECT: join(import.meta.dirname, '../support/short-rollout') },
      config: () => ({
        regions: [{ name: 'eu', zone: 'Europe/Berlin' }],
        windows: { 'night-patch': { times: ['00:00-24:00'] } },
        services: services.map(({ target }) => ({
          ...target,
          labels: { patch: 'night' },
          patch: ['/bin/sh', '-c', `echo "${target.name} $TOCSIN_KEY" >> ${join(dir, 'patches')}`],
        })),
        http: { allow: services.map(({ origin }) => ({ origin, private: true })) },
      }),
    });
    [, worker] = await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
  });
  after(async () => {
    await tocsin?.stop();
    await Promise.all(services.map((service) => service.close()));
    rmSync(dir, { recursive: true, force: true });
  });

  const rollout = (...args: readonly string[]) => cli(tocsin.env, '--json', 'rollout', ...args);
  const running = (): Promise<string> =>
    until('the event has started it', async () => {
      const { json } = await cli(tocsin.env, '--json', 'runs', 'list', '--trigger', 'patch-fleet');
      const found = json as readonly { runbook: string; workflowId: string }[];
      return found.find(({ runbook }) => runbook === 'patchFleet')?.workflowId ?? null;
    });

  it('an event starts it; paused, with its worker killed, it waits; resumed, it ends with each target treated once', async () => {
    const emitted = await cli(tocsin.env, '--json', 'emit', '--type', PATCHED, '--data', '{}');
    assert.equal(emitted.code, 0, emitted.stderr);
    const id = await running();
    const paused = await rollout('pause', id, '--why', 'a drill');
    assert.equal(paused.code, 0, paused.stdout);
    const again = await rollout('pause', id, '--why', 'again');
    assert.equal(again.code, 1);
    assert.match(again.stdout, /refused: it is paused already, by .*: a drill; nothing was changed/);

    await worker.kill();
    worker = await tocsin.startReady('worker');
    const ended = (status: RolloutStatus): number => status.waves.filter(({ state }) => state === 'done').length;
    const show = async (): Promise<RolloutStatus> => (await rollout('show', id)).json as RolloutStatus;
    const status = await show();
    assert.equal(status.paused?.why, 'a drill');
    assert.ok(ended(status) < 3, JSON.stringify(status));

    const resumed = await rollout('resume', id, '--why', 'drill is over');
    assert.equal(resumed.code, 0, resumed.stdout);
    await until('the canary is done', async () => ended(await show()) >= 1);
    await worker.kill();
    worker = await tocsin.startReady('worker');
    const report = (await tocsin.client.workflow.getHandle(id).result()) as { outcome: string; done: number };
    assert.deepEqual([report.outcome, report.done], ['rolled-out', 3]);
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      const lines = named(name);
      assert.ok(
        lines.length >= 1 && new Set(lines).size === 1,
        `one key for the patch of ${name}: ${lines.join(', ')}`,
      );
      const actions = services[index]?.effects().map(({ action }) => action);
      assert.equal(actions?.filter((action) => action === 'restart').length, 1, `${name} was restarted once`);
      assert.equal(actions?.at(-1), 'put-back');
    }
    assert.equal(patches()[0]?.startsWith('a '), true, 'the canary went first');

    const acts = (await wholeActs(tocsin.log, 'eu')).filter(({ what }) => what.startsWith('rollout '));
    assert.deepEqual(
      acts.map(({ what, why }) => [what, why]),
      [
        ['rollout pause', 'a drill'],
        ['rollout pause', 'again'],
        ['rollout resume', 'drill is over'],
      ],
    );
    const late = await rollout('skip', id, '100%', '--why', 'too late');
    assert.equal(late.code, 1);
    assert.match(late.stdout, /is completed; nothing to steer/);
    assert.equal((await rollout('skip', 'nobody', 'eu', '--why', 'x')).code, 1);
    assert.equal((await rollout('pause', id)).code, 2, 'a reason is required');
  });

  it('a plan names the waves and does nothing', async () => {
    const before = patches().length;
    const { code, json, stdout } = await cli(tocsin.env, '--json', 'run', 'patchFleet', '--plan');
    assert.equal(code, 0, stdout);
    assert.match(JSON.stringify(json), /wave canary.*runbook patchWave.*wave 60%.*wave 100%/);
    assert.equal(patches().length, before);
  });
});
