import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { type Health, startHealth } from '../../workers/health.ts';
import { freePort } from '../../workers/servers/server-process.ts';

let health: Health;
let port: number;
beforeEach(async () => {
  port = await freePort();
  const registry = new Registry();
  health = await startHealth({ host: '127.0.0.1', port, registry, sdkMetricsUrl: 'http://127.0.0.1:1/metrics' });
});
afterEach(() => health.close());

async function readiness(): Promise<{ readonly status: number; readonly parts: unknown }> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  return { status: response.status, parts: ((await response.json()) as { parts: unknown }).parts };
}

describe('readiness', () => {
  it('is not there before every part has been added', async () => {
    assert.deepEqual(await readiness(), { status: 503, parts: { started: false } });
    health.started();
    assert.deepEqual(await readiness(), { status: 200, parts: { started: true } });
  });

  it('names the part that says no, and the one that throws', async () => {
    health.addCheck('works', () => true);
    health.addCheck('says no', () => Promise.resolve(false));
    health.addCheck('throws', () => Promise.reject(new Error('away')));
    health.started();
    const parts = { started: true, works: true, 'says no': false, throws: false };
    assert.deepEqual(await readiness(), { status: 503, parts });
  });

  it('says why a part is not ready, where that is known', async () => {
    let ok = false;
    health.addCheck(
      'part',
      () => ok,
      () => 'the key expired',
    );
    health.addCheck(
      'other',
      () => false,
      () => null,
    );
    health.started();
    assert.deepEqual((await health.readiness()).reasons, { part: 'the key expired' });
    ok = true;
    assert.equal((await health.readiness()).reasons, undefined);
  });

  it('does not wait for a part that does not answer, nor asks it again meanwhile', async () => {
    let asked = 0;
    let answer = (_ok: boolean): void => undefined;
    health.addCheck('slow', () => {
      asked += 1;
      return asked > 1 || new Promise((resolve) => (answer = resolve));
    });
    health.addCheck('works', () => true);
    health.started();
    const parts = { started: true, slow: false, works: true };
    assert.deepEqual(await Promise.all([readiness(), readiness()]), [
      { status: 503, parts },
      { status: 503, parts },
    ]);
    assert.equal(asked, 1);
    answer(false);
    assert.equal((await readiness()).status, 200, 'asked anew once it has answered');
  });
});
