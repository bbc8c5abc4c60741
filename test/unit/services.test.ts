import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { HttpAllow } from '../../activities/http.ts';
import type { ServiceTarget } from '../../activities/service-treatment.ts';
import { createServiceActivities } from '../../activities/services.ts';
import { type DemoService, startDemoService } from '../../workers/demo/supervisor.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { servicesOf } from '../support/services.ts';

const REGION = 'eu';
const SERVICE = { service: 'checkout' };
const node = (script: string): string[] => [process.execPath, '-e', script];
const STATUS = node('console.log(JSON.stringify({ invocation: "one" }))');

describe('services', () => {
  let dir: string;
  let demo: DemoService;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tocsin-services-'));
    demo = await startDemoService({ name: 'checkout', region: REGION, port: await freePort(), dir: join(dir, 'demo') });
  });
  after(async () => {
    await demo.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const activitiesOn = (services: readonly ServiceTarget[], allow?: readonly HttpAllow[]) =>
    createServiceActivities(
      servicesOf({ region: REGION, services, allow: allow ?? [{ origin: demo.origin, private: true }] }),
    );
  let on: ReturnType<typeof activitiesOn>;
  let activity: MockActivityEnvironment;
  beforeEach(() => {
    on = activitiesOn([demo.target]);
    activity = new MockActivityEnvironment(
      {
        startToCloseTimeoutMs: 60_000,
        activityId: '7',
        workflowExecution: { workflowId: 'restart-service/a#1', runId: 'r1' },
      },
      { logger: new DefaultLogger('ERROR') },
    );
  });
  /** As an attempt of an activity. */
  const step = <T>(work: () => Promise<T>): Promise<T> => activity.run<[], T, () => Promise<T>>(work);

  it('a healthy service is seen with the instance that runs', async () => {
    const seen = await step(() => on.observeService(SERVICE));
    assert.deepEqual(seen, {
      healthy: true,
      detail: 'health check answered 200',
      invocation: 'checkout-1',
      rotation: true,
    });
  });

  it('restarts the instance that was seen sick, under the key of the step, and only that one', async () => {
    await demo.exhaust();
    const sick = await step(() => on.observeService(SERVICE));
    assert.equal(sick.healthy, false);
    assert.match(sick.detail, /503/);
    const request = { ...SERVICE, invocation: sick.invocation };
    assert.deepEqual(await step(() => on.restartUnit(request)), { restarted: true });
    const well = await step(() => on.observeService(SERVICE));
    assert.equal(well.healthy, true);
    assert.notEqual(well.invocation, sick.invocation);

    assert.deepEqual(await step(() => on.restartUnit(request)), { restarted: false }, 'a second time does nothing');
    const again = new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000, attempt: 2 });
    assert.deepEqual(await again.run(() => on.restartUnit(request)), { restarted: false, perhapsBefore: true });
    assert.deepEqual(
      demo.effects().map(({ action, invocation, key }) => ({ action, invocation, key })),
      [{ action: 'restart', invocation: sick.invocation, key: 'restart-service/a#1/r1/7' }],
    );
  });

  it('taking out of rotation and putting back are commands of the inventory', async () => {
    const before = demo.effects().length;
    await step(() => on.takeOutOfRotation(SERVICE));
    await step(() => on.putBackInRotation(SERVICE));
    assert.deepEqual(
      demo
        .effects()
        .slice(before)
        .map(({ action }) => action),
      ['take-out', 'put-back'],
    );
  });

  it('a service without such commands cannot be taken out, and says so', async () => {
    const { takeOut: _takeOut, ...target } = demo.target;
    const activities = activitiesOn([target]);
    assert.equal((await step(() => activities.observeService(SERVICE))).rotation, false);
    await assert.rejects(
      step(() => activities.takeOutOfRotation(SERVICE)),
      permanent('NoRotation', /checkout/),
    );
  });

  for (const name of ['billing', 'checkout; reboot', '', '__proto__', 'Checkout']) {
    it(`a service of the name ${JSON.stringify(name)} is not in the inventory, which is named`, async () => {
      const pattern = /not in the inventory of region eu; it has: checkout/;
      const request = { service: name, invocation: null };
      for (const act of [on.observeService, on.restartUnit, on.takeOutOfRotation, on.putBackInRotation])
        await assert.rejects(
          step<unknown>(() => act(request)),
          permanent('TargetNotAllowed', pattern),
        );
    });
  }

  it('a service of another region is not seen from here', () =>
    assert.rejects(
      step(() => activitiesOn([{ ...demo.target, region: 'us' }]).observeService(SERVICE)),
      permanent('TargetNotAllowed', /it has: none/),
    ));

  it('a service that does not answer is sick', async () => {
    const origin = `http://127.0.0.1:${await freePort()}`;
    const target = { ...demo.target, health: `${origin}/healthz`, status: STATUS };
    const activities = activitiesOn([target], [{ origin, private: true }]);
    const seen = await step(() => activities.observeService(SERVICE));
    assert.equal(seen.healthy, false);
    assert.match(seen.detail, /did not answer.*ECONNREFUSED/);
  });

  it('a health address that configuration does not allow is a mistake, not a sick service', () =>
    assert.rejects(
      step(() => activitiesOn([demo.target], []).observeService(SERVICE)),
      permanent('HttpRefused', /not allowed/),
    ));

  it('no instance at all is null', async () => {
    const status = node('console.log(JSON.stringify({ invocation: null }))');
    const seen = await step(() => activitiesOn([{ ...demo.target, status }]).observeService(SERVICE));
    assert.equal(seen.invocation, null);
  });

  for (const [name, argv, pattern] of [
    ['fails', node('console.error("no such unit"); process.exit(4)'), /exited with 4, expected 0: no such unit/],
    ['hangs', node('setTimeout(() => {}, 60000)'), /timed out/],
    ['is killed', node('process.kill(process.pid, "SIGKILL")'), /exited with null/],
    [
      'prints no JSON',
      node('console.log("active (running)")'),
      /printed "active \(running\)\\n", expected \{"invocation"/,
    ],
  ] as const) {
    it(`a status command that ${name} is retried`, () =>
      assert.rejects(
        step(() =>
          activitiesOn([{ ...demo.target, status: argv, timeoutMs: name === 'hangs' ? 500 : 30_000 }]).observeService(
            SERVICE,
          ),
        ),
        retryable(pattern),
      ));
  }

  it('a restart that fails is retried, with what the command said', () => {
    const restart = node('console.error("unit is masked"); process.exit(1)');
    return assert.rejects(
      step(() => activitiesOn([{ ...demo.target, restart }]).restartUnit({ ...SERVICE, invocation: 'one' })),
      retryable(/unit is masked/),
    );
  });

  it('a restart command that is missing is not retried', () =>
    assert.rejects(
      step(() =>
        activitiesOn([{ ...demo.target, restart: ['/no/such/program'] }]).restartUnit({
          ...SERVICE,
          invocation: 'one',
        }),
      ),
      permanent('CommandNotStarted', /\/no\/such\/program/),
    ));

  it('what the status command printed stays one plain argument of the restart command', async () => {
    const hostile = '$(reboot) `reboot`; reboot\n--now $& $$ {invocation}';
    const status = node(`console.log(JSON.stringify({ invocation: ${JSON.stringify(hostile)} }))`);
    const hex = Buffer.from(hostile).toString('hex');
    const check = `process.exit(Buffer.from(process.argv[1]).toString('hex') === '${hex}' ? 0 : 9)`;
    const restart = [...node(check), '{invocation}'];
    const activities = activitiesOn([{ ...demo.target, status, restart }]);
    const { invocation } = await step(() => activities.observeService(SERVICE));
    assert.deepEqual(await step(() => activities.restartUnit({ ...SERVICE, invocation })), { restarted: true });
  });

  it('cancelling the step ends its command', async () => {
    const restart = node('setTimeout(() => {}, 60000)');
    const run = step(() =>
      activitiesOn([{ ...demo.target, restart }]).restartUnit({
        ...SERVICE,
        invocation: 'one',
      }),
    );
    const rejected = assert.rejects(run, CancelledFailure);
    activity.cancel();
    await rejected;
  });
});

const permanent = (type: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApplicationFailure, String(error));
  assert.deepEqual([error.type, error.nonRetryable], [type, true]);
  assert.match(error.message, pattern);
  return true;
};

/** A plain error: Temporal tries again. */
const retryable = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Error && !(error instanceof ApplicationFailure), String(error));
  assert.match(error.message, pattern);
  return true;
};
