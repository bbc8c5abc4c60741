import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createServiceActivities } from '../../activities/services.ts';
import { type Systemd, type Unit, createSystemd } from '../../activities/systemd.ts';
import { servicesOf } from '../support/services.ts';
import { type TestSshd, lacksSshd, startSshd } from '../support/sshd.ts';
import { type TestUnits, holding, installSystemctl } from '../support/systemctl.ts';
import { until } from '../support/until.ts';

const TIMEOUT_MS = 45_000;
const UNIT = 'checkout.service';

describe('systemd', { skip: lacksSshd }, () => {
  let dir: string;
  let sshd: TestSshd;
  let units: TestUnits;
  let systemd: Systemd;
  let checkout: Unit;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tocsin-systemd-'));
    sshd = await startSshd(dir);
    units = installSystemctl(sshd.bin, join(dir, 'units'));
    systemd = createSystemd(sshd.ssh);
    checkout = { host: sshd.host, unit: UNIT };
  });
  after(async () => {
    await sshd?.kill();
    rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(() => units.set(UNIT, 'active'));

  /** As an attempt of an activity. */
  const step = <T>(work: () => Promise<T>): Promise<T> =>
    new MockActivityEnvironment(
      {
        activityId: '7',
        workflowExecution: { workflowId: 'restart-service/a#1', runId: 'r1' },
        // A command has to end within its attempt.
        startToCloseTimeoutMs: 2 * TIMEOUT_MS,
      },
      { logger: new DefaultLogger('ERROR') },
    ).run<[], T, () => Promise<T>>(work);

  it('tells the state of a unit and which invocation runs', async () => {
    assert.deepEqual(await step(() => systemd.status(checkout, TIMEOUT_MS)), {
      active: 'active',
      invocation: `${UNIT}-0`,
    });
    units.set(UNIT, 'failed');
    assert.deepEqual(await step(() => systemd.status(checkout, TIMEOUT_MS)), { active: 'failed', invocation: null });
  });

  it('restarts the invocation that was observed, under the key of the step, and only that one', async () => {
    const restart = () => step(() => systemd.restart(checkout, `${UNIT}-0`, TIMEOUT_MS));
    assert.equal(await restart(), true);
    assert.equal(await restart(), false);
    const { invocation, jobs } = units.read(UNIT);
    assert.equal(invocation, `${UNIT}-1`);
    assert.deepEqual(jobs, [{ verb: 'restart', from: `${UNIT}-0`, key: 'restart-service/a#1/r1/7' }]);
  });

  it('a unit that does not run is restarted as long as it does not run', async () => {
    units.set(UNIT, 'failed');
    assert.equal(await step(() => systemd.restart(checkout, null, TIMEOUT_MS)), true);
    assert.equal(await step(() => systemd.restart(checkout, null, TIMEOUT_MS)), false);
  });

  it('of two attempts at the same time one acts', async () => {
    const hold = holding(units);
    const attempts = [1, 2].map(() => step(() => systemd.restart(checkout, `${UNIT}-0`, TIMEOUT_MS)));
    await until('one has begun', () => units.read(UNIT).jobs.length > 0);
    hold.release();
    assert.deepEqual(new Set(await Promise.all(attempts)), new Set([false, true]));
    assert.equal(units.read(UNIT).jobs.length, 1);
  });

  it('stops the observed invocation, and starts what does not run', async () => {
    assert.equal(await step(() => systemd.stop(checkout, 'another', TIMEOUT_MS)), false);
    assert.equal(await step(() => systemd.start(checkout, TIMEOUT_MS)), false);
    assert.equal(await step(() => systemd.stop(checkout, `${UNIT}-0`, TIMEOUT_MS)), true);
    assert.equal(await step(() => systemd.stop(checkout, null, TIMEOUT_MS)), false);
    assert.equal(await step(() => systemd.start(checkout, TIMEOUT_MS)), true);
    assert.deepEqual(
      units.read(UNIT).jobs.map(({ verb }) => verb),
      ['stop', 'start'],
    );
  });

  it('a unit that the host does not have is a mistake', async () => {
    const nothing = { ...checkout, unit: 'nothing.service' };
    await assert.rejects(
      step(() => systemd.status(nothing, TIMEOUT_MS)),
      permanent('NoSuchUnit', /web-1 has no unit nothing\.service/),
    );
  });

  for (const unit of ['--now', '-H.service', 'a b.service', 'a;reboot.service', '../x.service', 'checkout', ''])
    it(`${JSON.stringify(unit)} is no unit`, () =>
      assert.rejects(
        step(() => systemd.status({ ...checkout, unit }, TIMEOUT_MS)),
        permanent('UnitRefused', /is no unit/),
      ));

  describe('a service that is a unit of another host', () => {
    const activities = () =>
      createServiceActivities(
        servicesOf({
          region: 'eu',
          services: [{ name: 'checkout', region: 'eu', systemd: { host: 'web-1', unit: UNIT } }],
          allow: [],
          ssh: sshd.ssh,
          hosts: [{ ...sshd.host, region: 'eu' }],
        }),
      );

    it('is healthy while its unit is active', async () => {
      const observe = () => step(() => activities().observeService({ service: 'checkout' }));
      assert.deepEqual(await observe(), {
        healthy: true,
        detail: 'unit is active',
        invocation: `${UNIT}-0`,
        rotation: false,
      });
      units.set(UNIT, 'failed');
      assert.deepEqual(await observe(), {
        healthy: false,
        detail: 'unit is failed',
        invocation: null,
        rotation: false,
      });
    });

    it('is restarted once', async () => {
      const request = { service: 'checkout', invocation: `${UNIT}-0` };
      assert.deepEqual(await step(() => activities().restartUnit(request)), { restarted: true });
      assert.deepEqual(await step(() => activities().restartUnit(request)), { restarted: false });
    });
  });
});

const permanent = (type: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApplicationFailure, String(error));
  assert.deepEqual([error.type, error.nonRetryable], [type, true]);
  assert.match(error.message, pattern);
  return true;
};
