import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { ProviderStatus } from '../../activities/inventory/provider.ts';
import { MAX_ANSWER_BYTES } from '../../activities/inventory/source.ts';
import type { Target } from '../../activities/inventory/target.ts';
import { cli } from '../support/cli.ts';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const CHECKOUT = { id: 'checkout', region: 'eu', labels: { tier: 'web' } };
const BILLING = { id: 'billing', region: 'eu', labels: { tier: 'db' } };
const HOST = { id: 'web-1', kind: 'host', service: 'checkout', region: 'eu', labels: { tier: 'web' } };
const answerOf = (...targets: unknown[]) => JSON.stringify({ targets });

let cmdb: Receiver;
let tocsin: Installation;
let worker: RoleProcess;
before(async () => {
  cmdb = await startReceiver();
  cmdb.answer = (response) => response.end(answerOf(CHECKOUT, BILLING));
  tocsin = await startInstallation({
    config: ({ origin, target: { health, status, restart, takeOut, putBack } }) => ({
      services: [],
      http: { allow: [origin, cmdb.url.origin].map((each) => ({ origin: each, private: true })) },
      inventory: {
        providers: [
          { name: 'cmdb', kind: 'http', url: cmdb.url.href, bearer: 'env:CMDB_TOKEN', refresh: '1s', maxAge: '2s' },
          { name: 'hosts', kind: 'command', argv: [process.execPath, '-e', `console.log('${answerOf(HOST)}')`] },
        ],
        treatments: { service: { health, status, restart, takeOut, putBack } },
        allow: [{ runbook: 'restartService', targets: { tier: 'web' } }],
      },
    }),
  });
  tocsin.env['CMDB_TOKEN'] = 't0ken';
  [worker] = await Promise.all([tocsin.startReady('worker'), tocsin.startReady('trigger')]);
});
after(async () => {
  await tocsin?.stop();
  await cmdb?.close();
});

/** The worker has taken up what the provider answers from now on. */
async function answering(answer: string | ((response: ServerResponse) => void)): Promise<void> {
  cmdb.answer = typeof answer === 'string' ? (response) => response.end(answer) : answer;
  const asked = cmdb.requests.length;
  // The reading after the next one begins when the next one is done.
  await until('two more readings', () => cmdb.requests.length >= asked + 2);
}
interface TargetsAnswer {
  readonly providers: readonly ProviderStatus[];
  readonly targets: readonly Target[];
}
const targets = async (...args: string[]) => {
  const { code, json } = await cli(tocsin.env, '--json', 'targets', ...args);
  return { code, ...(json as TargetsAnswer) };
};
const restart = (service: string) =>
  cli(tocsin.env, '--json', 'run', 'restartService', '--input', JSON.stringify({ service }), '--wait');
const detailOf = ({ json }: { readonly json: unknown }): string => (json as { detail: string }).detail;
const actions = (): string[] => tocsin.service.effects().map(({ action }) => action);

describe('an inventory by a command and an HTTP server', () => {
  beforeEach(() => answering(answerOf(CHECKOUT, BILLING)));

  it('targets lists what each provider names, and how old it is', async () => {
    const { code, providers, targets: found } = await targets();
    assert.equal(code, 0);
    assert.deepEqual(
      providers.map(({ name, kind, state }) => [name, kind, state]),
      [
        ['config', 'config', 'fresh'],
        ['cmdb', 'http', 'fresh'],
        ['hosts', 'command', 'fresh'],
      ],
    );
    assert.ok(providers.every(({ ageMs }) => ageMs !== null));
    assert.deepEqual(
      found.map(({ id, provider }) => [id, provider]),
      [
        ['checkout', 'cmdb'],
        ['billing', 'cmdb'],
        ['web-1', 'hosts'],
      ],
    );
    assert.ok(cmdb.requests.every(({ headers }) => headers.authorization === 'Bearer t0ken'));
  });

  it('targets narrows by label and region, and refuses what is none', async () => {
    assert.deepEqual(
      (await targets('--selector', 'tier=db', '-s', 'kind=service', '-r', 'eu')).targets.map(({ id }) => id),
      ['billing'],
    );
    assert.equal((await targets('-s', 'tier')).code, 2);
    assert.equal((await targets('-r', 'mars')).code, 2);
  });

  it('an alert heals a service that only the provider names', async () => {
    await tocsin.service.exhaust();
    await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: 'one' });
    await until('it is healthy', () => tocsin.service.healthy());
    await until('it is back in rotation', () => actions().includes('put-back'));
    assert.deepEqual(actions(), ['take-out', 'restart', 'put-back']);
  });

  for (const [service, pattern] of [
    ['billing', /target billing of region eu is outside of what runbook restartService may act upon: tier=web/],
    ['web-1', /target web-1 is of kind host, for which inventory\.treatments has nothing/],
    [
      'checkout; reboot',
      /target "checkout; reboot" is not in the inventory of region eu; it has: checkout, billing, web-1/,
    ],
  ] as const) {
    it(`an alert that names ${service} ends in a failed run without an effect`, async () => {
      const before = actions().length;
      const { sequence } = (await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: service, service })).ack;
      const record = await until('it is recorded', async () =>
        (await tocsin.records()).find(({ position }) => position.sequence === sequence),
      );
      const [started] = record.dispositions;
      assert.ok(started?.kind === 'started');
      const handle = tocsin.client.workflow.getHandle(started.workflowId);
      await assert.rejects(handle.result(), (error: Error) => {
        let last = error;
        while (last.cause instanceof Error) last = last.cause;
        assert.match(last.message, pattern);
        return true;
      });
      assert.equal(actions().length, before);
    });
  }

  it('an inventory that is empty has no target, and nothing is done', async () => {
    const before = actions().length;
    await answering(answerOf());
    const { code, providers } = await targets();
    assert.deepEqual([code, providers[1]?.state, providers[1]?.targets], [0, 'fresh', 0]);
    const end = await restart('checkout');
    assert.equal(end.code, 1);
    assert.match(detailOf(end), /target "checkout" is not in the inventory of region eu; it has: web-1/);
    assert.equal(actions().length, before);
  });

  for (const [why, answer, pattern] of [
    ['huge', (response) => response.end(Buffer.alloc(MAX_ANSWER_BYTES + 1, ' ')), /has more than 33554432 bytes/],
    ['unreachable', (response) => response.destroy(), /socket hang up|ECONNRESET/],
  ] satisfies [string, string | ((response: ServerResponse) => void), RegExp][]) {
    it(`an inventory that is ${why} is unusable and says so; a step waits for it and does nothing meanwhile`, async () => {
      const before = actions().length;
      await answering(answer);
      await until('the worker is not ready', async () => !(await worker.ready()));
      const unusable = await until('the kept answer is too old', async () => {
        const found = await targets();
        return found.providers[1]?.state === 'unusable' && found;
      });
      assert.equal(unusable.code, 1);
      assert.match(unusable.providers[1]?.why ?? '', pattern);
      assert.ok(unusable.targets.every(({ provider }) => provider === 'hosts'));

      const end = restart('checkout');
      const { failure } = await until('the step was tried', () => stepThatFailed());
      assert.match(failure, /cannot tell target "checkout", which is tried again: provider cmdb is unusable: /);
      assert.equal(actions().length, before);
      await answering(answerOf(CHECKOUT));
      assert.match(detailOf(await end), /already-healthy/);
      assert.equal(actions().length, before);
    });
  }
});

/** The step of a run that is open, once it has failed and waits for its next attempt. */
async function stepThatFailed(): Promise<{ readonly failure: string } | null> {
  for await (const { workflowId } of tocsin.client.workflow.list({ query: 'ExecutionStatus="Running"' })) {
    const { raw } = await tocsin.client.workflow.getHandle(workflowId).describe();
    const failure = raw.pendingActivities?.[0]?.lastFailure?.message;
    if (typeof failure === 'string') return { failure };
  }
  return null;
}
