/**
 * The worker is killed at every effect of every wave of patchFleet; the services' own record says what was done. Half an hour, because an attempt
 * of a worker that is gone counts as lost after a minute; so run by name.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { RolloutReport } from '../../workflows/kit/index.ts';
import { type BeginRun, beginsRuns } from '../support/begin-run.ts';
import { effectsOf, killPoints, runKilled } from '../support/effect-kills.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { type RecordingServices, recordingServices } from '../support/recording-services.ts';

const SERVICES = ['a', 'b'];
/** Of the wave of one service: activity, and what its target calls it. */
const STEPS = [
  ['takeOutOfRotation', 'take-out'],
  ['patchService', 'patch'],
  ['restartUnit', 'restart'],
  ['putBackInRotation', 'put-back'],
] as const;
const EFFECTS = SERVICES.flatMap(() => STEPS.map(([activity]) => activity));

describe('a worker that is killed at an effect of patchFleet', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-patched-'));
  let tocsin: Installation;
  let services: RecordingServices;
  let begin: BeginRun;
  before(async () => {
    tocsin = await startInstallation({
      env: { TOCSIN_PROJECT: join(import.meta.dirname, '../support/short-rollout') },
      config: ({ target, origin }) => {
        services = recordingServices(dir, SERVICES, target.health);
        return {
          regions: [{ name: 'eu', zone: 'Europe/Berlin' }],
          windows: { 'night-patch': { times: ['00:00-24:00'] } },
          services: services.targets,
          http: { allow: [{ origin, private: true }] },
        };
      },
    });
    begin = beginsRuns(tocsin, 'a');
  });
  after(async () => {
    await tocsin?.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(() => services.reset());

  const judge = (report: unknown): void => {
    const { outcome, done, failed } = report as RolloutReport;
    assert.deepEqual([outcome, done, failed], ['rolled-out', SERVICES.length, []]);
    const changes = services.changes();
    assert.deepEqual(
      changes.map(({ service, verb }) => `${service} ${verb}`),
      SERVICES.flatMap((service) => STEPS.map(([, verb]) => `${service} ${verb}`)),
    );
    assert.equal(new Set(changes.map(({ key }) => key)).size, changes.length, 'one key for each step');
  };

  it('calls these effects, in this order', async () => {
    const worker = await tocsin.startReady('worker');
    const id = await begin('patchFleet', {});
    judge(await tocsin.client.workflow.getHandle(id).result());
    await worker.kill();
    const { events } = await tocsin.client.workflow.getHandle(id).fetchHistory();
    const waves = (events ?? []).flatMap(
      ({ startChildWorkflowExecutionInitiatedEventAttributes: child }) => child?.workflowId ?? [],
    );
    const called = await Promise.all(waves.map((wave) => effectsOf(tocsin, wave, ['observeService'])));
    assert.deepEqual(
      called.flat().filter((name) => STEPS.some(([activity]) => activity === name)),
      EFFECTS,
    );
  });

  for (const point of killPoints(EFFECTS))
    it(`${point.moment} ${point.activity} ${point.occurrence}: each effect is there once`, async () => {
      const { begun, hold } = services;
      judge(await runKilled({ tocsin, point, begun, hold, begin: () => begin('patchFleet', {}) }));
    });
});
