import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { cli } from '../support/cli.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

describe('a run that a stop outlives', () => {
  let tocsin: Installation;
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
    tocsin = await startInstallation({
      env: { TOCSIN_PROJECT: join(import.meta.dirname, '../support/short-timeout') },
    });
    const address = join(tocsin.servers.dir, 'webhook');
    writeFileSync(address, receiver.url.href);
    const notify = { channels: [{ kind: 'webhook', url: `file:${address}` }], watch: { every: '500ms' } };
    appendFileSync(tocsin.env['TOCSIN_CONFIG'] ?? assert.fail('no configuration'), stringify({ notify }));
  });
  after(async () => {
    await tocsin.stop();
    await receiver.close();
  });

  const run = (...args: readonly string[]) => cli(tocsin.env, '--json', ...args);
  const told = (key: string) =>
    until(
      `${key} is told`,
      () =>
        receiver.requests
          .map(
            ({ body }) => JSON.parse(body) as { readonly key: string; readonly title: string; readonly text: string },
          )
          .find((notice) => notice.key === key),
      150_000,
    );

  it('is told before it ends and when it has, is listed by resume, and runs again once', async () => {
    await tocsin.service.exhaust();
    await tocsin.startReady('trigger');
    await storeAlert(tocsin.log, tocsin.region, 'firing', { startsAt: null });
    const first = await until('the run is there', async () => {
      for await (const each of tocsin.runs.startedSince(0)) return each;
      return null;
    });
    // Begun before the stop, and not a step of it is done.
    assert.equal((await run('stop', '--why', 'long drill')).code, 0);
    await tocsin.startReady('worker');

    const warning = await told('stopped-runs/eu');
    assert.match(warning.title, /^eu: 1 stopped runs end soon, the first in (\d+s|1m)$/);
    assert.ok(warning.text.includes(first.workflowId), warning.text);
    const over = await told(`run/${first.workflowId}/failed`);
    assert.match(over.text, /the red button \(long drill, .+\) was not released before the execution timeout/);

    const listed = await run('resume');
    assert.equal(listed.code, 0, listed.stdout);
    const { backlog } = listed.json as { backlog: { state: string; after?: { workflowId: string } }[] };
    assert.deepEqual(
      backlog.map(({ state, after: ended }) => [state, ended?.workflowId]),
      [['open', first.workflowId]],
    );
    const merged = await run('resume', '--merge');
    assert.equal((merged.json as { released: number }).released, 1, merged.stdout);
    const again = await until('it runs again', async () => {
      for await (const each of tocsin.runs.startedSince(0)) if (each.context?.attempt === 2) return each;
      return null;
    });
    assert.match(again.workflowId, /#1\.2~/);
    const report = (await tocsin.client.workflow.getHandle(again.workflowId).result()) as { outcome: string };
    assert.equal(report.outcome, 'restarted');
    assert.equal(tocsin.service.effects().filter(({ action }) => action === 'restart').length, 1);
    assert.equal((await run('resume', '--merge')).code, 2, 'it is decided once');
    assert.deepEqual((await tocsin.audit()).offenders, []);
  });
});
