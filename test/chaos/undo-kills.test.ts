/** The worker is killed in the middle of undoing; the services' own record says what was undone, and in which order. Minutes, so run by name. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type BeginRun, beginsRuns } from '../support/begin-run.ts';
import { effectsOf, killPoints, runKilled } from '../support/effect-kills.ts';
import { failureOf } from '../support/failure-of.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { type RecordingServices, recordingServices } from '../support/recording-services.ts';

const SERVICES = ['a', 'b', 'c'];
const EFFECTS = SERVICES.map(() => 'takeOutOfRotation');
const UNDOS = SERVICES.map(() => 'putBackInRotation');

describe('a worker that is killed while it undoes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-undone-'));
  let tocsin: Installation;
  let services: RecordingServices;
  let begin: BeginRun;
  before(async () => {
    tocsin = await startInstallation({
      env: { TOCSIN_PROJECT: join(import.meta.dirname, '../support/undo-project') },
      config: ({ target, origin }) => {
        services = recordingServices(dir, SERVICES, () => target.health);
        return { services: services.targets, http: { allow: [{ origin, private: true }] } };
      },
    });
    begin = beginsRuns(tocsin, 'a');
  });
  after(async () => {
    await tocsin?.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(() => services.reset());

  const run = (): Promise<string> => begin('takeAllOut', { services: SERVICES });
  const judge = async (ended: Promise<unknown>): Promise<void> => {
    assert.match(await failureOf(ended), /somebody has to look/);
    const changes = services.changes();
    assert.deepEqual(
      changes.map(({ service, verb }) => `${service} ${verb}`),
      ['a take-out', 'b take-out', 'c take-out', 'c put-back', 'b put-back', 'a put-back'],
    );
    assert.equal(new Set(changes.map(({ key }) => key)).size, changes.length, 'one key for each step');
  };

  it('undoes these effects, newest first', async () => {
    const worker = await tocsin.startReady('worker');
    const id = await run();
    await judge(tocsin.client.workflow.getHandle(id).result());
    await worker.kill();
    assert.deepEqual(await effectsOf(tocsin, id, []), [...EFFECTS, ...UNDOS]);
  });

  for (const [index, point] of killPoints(UNDOS).entries())
    it(`${point.moment} undo ${point.occurrence}: each is undone once, newest first`, () => {
      const { begun, hold } = services;
      return judge(runKilled({ tocsin, point, begun, hold, begin: run, timesOut: index === 1 }));
    });
});
