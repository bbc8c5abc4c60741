import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { defaultPayloadConverter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { effectsAllowed, lineage } from '../../activities/effects.ts';
import { look } from '../../activities/look.ts';
import { createControlWatch } from '../../triggers/path/control-watch.ts';
import { type Control, NO_CONTROL } from '../../triggers/path/control.ts';
import { type Scope, factsOf } from '../../triggers/path/stop.ts';
import { createEffectGate } from '../../workers/red-button/effect-gate.ts';
import { effectsInterceptor } from '../../workers/red-button/effects-interceptor.ts';
import { EFFECTS_STOPPED, RUN_HEADER } from '../../workflows/kit/run-context.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-gate-'));
const stopFile = join(dir, 'STOP');
after(() => rmSync(dir, { recursive: true, force: true }));

const control = (...scopes: Scope[]): Control => ({
  ...NO_CONTROL,
  stops: scopes.map((scope) => ({ scope, why: 'drill', by: 'anna', at: '2026-01-01T00:00:00Z' })),
  changes: [{ at: '', by: '', trigger: null, what: '', why: '' }],
});
const facts = factsOf({ trigger: 't', runbook: 'r', service: 'checkout', region: 'eu', labels: {} });
const gate = (current: Control, ageMs = 0, failClosedAfterMs: number | null = 30_000) =>
  createEffectGate({
    stopFile,
    failClosedAfterMs,
    watchOf: (region) => (region === 'eu' ? { current: () => current, ageMs: () => ageMs } : undefined),
  });

describe('effect gate', () => {
  afterEach(() => rmSync(stopFile, { force: true }));

  it('nothing stops what nothing covers', async () => {
    assert.equal(await gate(control('service=billing')).stoppedBy(['eu'], facts), null);
  });

  it('the record stops, and the file of the host without it', async () => {
    assert.equal((await gate(control('service=checkout')).stoppedBy(['eu'], facts))?.by, 'anna');
    writeFileSync(stopFile, '');
    assert.match((await gate(control()).stoppedBy(['eu'], facts))?.by ?? '', /stop file/);
  });

  it('a stop counts in the region that is meant as well as where it acts; a record that is not seen refuses', async () => {
    const records: Record<string, Control> = { eu: control(), us: control('service=checkout') };
    const both = createEffectGate({
      stopFile,
      failClosedAfterMs: 30_000,
      watchOf: (region) => records[region] && { current: () => records[region] ?? NO_CONTROL, ageMs: () => 0 },
    });
    assert.equal(await both.stoppedBy(['eu'], facts), null);
    assert.equal((await both.stoppedBy(['eu', 'us'], facts))?.by, 'anna');
    assert.match((await both.stoppedBy(['eu', 'ap'], facts))?.why ?? '', /control record of region ap was not seen/);
  });

  it('who has not seen the record for long, or never, or has none for the region, is cut off; `never` goes on', async () => {
    assert.equal(await gate(control(), 30_000).stoppedBy(['eu'], facts), null);
    assert.match((await gate(control(), 30_001).stoppedBy(['eu'], facts))?.why ?? '', /cut off: .* not seen for 30 s/);
    assert.match((await gate(control(), Infinity).stoppedBy(['eu'], facts))?.why ?? '', /since it started/);
    assert.match((await gate(control()).stoppedBy(['us'], facts))?.why ?? '', /cut off/);
    assert.equal(await gate(control(), Infinity, null).stoppedBy(['eu'], facts), null);
    assert.equal((await gate(control('all'), Infinity, null).stoppedBy(['eu'], facts))?.by, 'anna', 'what it saw last');
  });
});

describe('control watch', () => {
  it('a record that is deleted lifts nothing', async () => {
    const records = [control('all'), NO_CONTROL, control()];
    const watch = createControlWatch(
      { read: () => Promise.resolve(records.shift() ?? NO_CONTROL) },
      pino({ level: 'silent' }),
      86_400_000,
    );
    assert.equal(watch.ageMs(), Infinity);
    for (const expected of [1, 1, 0]) {
      await watch.start();
      assert.equal(watch.current().stops.length, expected);
    }
    assert.ok(watch.ageMs() < 60_000);
    watch.close();
  });
});

describe('effects interceptor', () => {
  const done: unknown[] = [];
  const activities = {
    observe: look(async (_input: unknown) => 'seen'),
    restart: async (input: unknown) => {
      await effectsAllowed();
      done.push(input);
      return lineage();
    },
  };
  const call = (current: Control, type: keyof typeof activities, header: object | null, input: object) => {
    const environment = new MockActivityEnvironment({
      activityType: type,
      workflowType: 'restartService',
      workflowExecution: { workflowId: 'w', runId: 'r' },
    });
    const factory = effectsInterceptor({ region: 'eu', activities, gate: gate(current) });
    const headers = header === null ? {} : { [RUN_HEADER]: defaultPayloadConverter.toPayload(header) };
    return environment.run(async () => {
      const { execute } = factory(environment.context).inbound ?? {};
      return execute?.({ args: [input], headers }, ({ args }) => activities[type](args[0]));
    });
  };
  const header = { trigger: 't', service: 'checkout', region: 'eu', labels: { team: 'x' }, depth: 1 };
  const refused = { type: EFFECTS_STOPPED, nonRetryable: true };

  it('an effect passes with its lineage; nothing happens when it is refused, and a look always passes', async () => {
    assert.deepEqual(await call(control(), 'restart', header, {}), { causedby: 'w', causedepth: 2 });
    done.length = 0;
    await assert.rejects(call(control('team=x'), 'restart', header, {}), refused);
    assert.deepEqual(done, []);
    assert.equal(await call(control('all'), 'observe', header, {}), 'seen');
  });

  for (const [scope, given, input, why] of [
    ['runbook=restartService', header, {}, 'the runbook'],
    ['service=billing', header, { service: 'billing' }, 'the service of the effect itself'],
    ['target=billing', header, { service: 'billing' }, 'a service is a target'],
    ['host=db-1', header, { host: 'db-1' }, 'any text of its input'],
    ['region=eu', { ...header, region: 'us' }, {}, 'the region of the worker'],
    ['region=us', { ...header, region: 'us' }, {}, 'the region of the run'],
    ['team=y', null, {}, 'a run of which nothing is known is in doubt'],
    ['team=y', { ...header, labels: null }, {}, 'labels that are not known are in doubt'],
  ] as const)
    it(`${scope} covers: ${why}`, async () => {
      await assert.rejects(call(control(scope), 'restart', given, input), refused);
      await call(control('team=zz'), 'restart', header, input);
    });

  it('outside a worker nothing is stopped', async () => {
    await effectsAllowed();
    assert.equal(lineage(), null);
  });
});
