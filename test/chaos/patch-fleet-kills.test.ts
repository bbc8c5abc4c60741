/** The worker is killed at every effect of every wave of patchFleet; the services' own record says what was done. Minutes, so run by name. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { RolloutReport, WaveInput, WaveReport } from '../../workflows/kit/index.ts';
import { type BeginRun, beginsRuns } from '../support/begin-run.ts';
import { effectsOf, killPoints, runKilled } from '../support/effect-kills.ts';
import { type HealthChecks, startHealthChecks } from '../support/health-checks.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { type RecordingServices, recordingServices } from '../support/recording-services.ts';
import { SHIPPED_EFFECTS } from '../support/shipped-effects.ts';

const SERVICES = ['a', 'b'];
/** More than its waves need by their own declaration: they begin nothing that could not come to its end. */
const PATCH_WITHIN_MS = 7_200_000;
/** What a service calls the effects of its wave. */
const VERBS = ['take-out', 'patch', 'restart', 'put-back'];
const EFFECTS = SERVICES.flatMap(() => SHIPPED_EFFECTS.patchWave);
/** One wave of one service, which does not answer once it is restarted. */
const WAVE: WaveInput = {
  wave: 'one',
  targets: [{ name: 'a', region: 'eu' }],
  window: 'night-patch',
  needMs: 60_000,
  parallel: 1,
  soakMs: 0,
  mayFail: 0,
};

describe('a worker that is killed at an effect of patchFleet', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-patched-'));
  let tocsin: Installation;
  let health: HealthChecks;
  let services: RecordingServices;
  let begin: BeginRun;
  /** Services do not bear to be patched. */
  let frail = false;
  before(async () => {
    health = await startHealthChecks(dir, (_service, restarts) => !(frail && restarts > 0));
    const { origin } = health;
    services = recordingServices(dir, SERVICES, (name) => `${origin}/${name}`);
    tocsin = await startInstallation({
      env: { TOCSIN_PROJECT: join(import.meta.dirname, '../support/short-rollout') },
      config: () => ({
        regions: [{ name: 'eu', zone: 'Europe/Berlin' }],
        windows: { 'night-patch': { times: ['00:00-24:00'] } },
        services: services.targets,
        http: { allow: [{ origin, private: true }] },
      }),
    });
    begin = beginsRuns(tocsin, 'a');
  });
  after(async () => {
    await tocsin?.stop();
    await health?.close();
    rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(() => {
    frail = false;
    services.reset();
  });

  const patchAll = (): Promise<string> => begin('patchFleet', {}, {}, PATCH_WITHIN_MS);
  const wereChanged = (changed: readonly string[]): void => {
    const changes = services.changes();
    assert.deepEqual(
      changes.map(({ service, verb }) => `${service} ${verb}`),
      changed.flatMap((service) => VERBS.map((verb) => `${service} ${verb}`)),
    );
    assert.equal(new Set(changes.map(({ key }) => key)).size, changes.length, 'one key for each step');
  };
  const judge = (report: unknown): void => {
    const { outcome, done, failed } = report as RolloutReport;
    assert.deepEqual([outcome, done, failed], ['rolled-out', SERVICES.length, []]);
    wereChanged(SERVICES);
  };
  const judgeUndone = (report: unknown): void => {
    const { done, failed } = report as WaveReport;
    assert.deepEqual(done, []);
    assert.match(failed[0]?.message ?? '', /a was patched and does not answer/);
    wereChanged(['a']);
  };

  it('calls these effects, in this order', async () => {
    const worker = await tocsin.startReady('worker');
    const id = await patchAll();
    judge(await tocsin.client.workflow.getHandle(id).result());
    await worker.kill();
    const { events } = await tocsin.client.workflow.getHandle(id).fetchHistory();
    const waves = (events ?? []).flatMap(
      ({ startChildWorkflowExecutionInitiatedEventAttributes: child }) => child?.workflowId ?? [],
    );
    const called = await Promise.all(waves.map((wave) => effectsOf(tocsin, wave, ['observeService'])));
    assert.deepEqual(called.flat(), EFFECTS);
  });

  it('puts back what does not answer, as its undo', async () => {
    frail = true;
    const worker = await tocsin.startReady('worker');
    const id = await begin('patchWave', WAVE);
    judgeUndone(await tocsin.client.workflow.getHandle(id).result());
    await worker.kill();
    assert.deepEqual(await effectsOf(tocsin, id, ['observeService']), SHIPPED_EFFECTS.patchWave);
  });

  for (const [index, point] of killPoints(EFFECTS).entries())
    it(`${point.moment} ${point.activity} ${point.occurrence}: each effect is there once`, async () => {
      const { begun, hold } = services;
      judge(await runKilled({ tocsin, point, begun, hold, begin: patchAll, timesOut: index === 1 }));
    });

  for (const point of killPoints(['putBackInRotation']))
    it(`${point.moment} its undo: each effect is there once`, async () => {
      frail = true;
      const { begun, hold } = services;
      judgeUndone(await runKilled({ tocsin, point, begun, hold, begin: () => begin('patchWave', WAVE) }));
    });
});
