import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { NOTICE_CONSUMER, deadStream, eventStream, eventSubject } from '../../triggers/nats/subject.ts';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

interface Document {
  readonly key: string;
  readonly severity: string;
  readonly title: string;
  readonly text: string;
  readonly link: string | null;
  readonly repeats: number;
  readonly more: readonly { readonly key: string; readonly repeats: number }[];
}

describe('a trigger process with a notifier', () => {
  let tocsin: Installation;
  let receiver: Receiver;
  let trigger: RoleProcess;
  before(async () => {
    receiver = await startReceiver();
    tocsin = await startInstallation();
    const dir = tocsin.servers.dir;
    writeFileSync(join(dir, 'webhook'), receiver.url.href);
    writeFileSync(join(dir, 'heartbeat'), new URL('/heartbeat', receiver.url).href);
    const notify = {
      channels: [{ kind: 'webhook', url: `file:${join(dir, 'webhook')}` }],
      watch: { every: '500ms', oldestEvent: '1s' },
      heartbeat: { url: `file:${join(dir, 'heartbeat')}`, every: '1s' },
    };
    appendFileSync(
      tocsin.env['TOCSIN_CONFIG'] ?? assert.fail('no configuration'),
      stringify({ temporal: { uiUrl: 'https://ui.test' }, notify }),
    );
    trigger = await tocsin.startReady('trigger');
  });
  after(async () => {
    await tocsin.stop();
    await receiver.close();
  });

  const told = (): Document[] =>
    receiver.requests.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body) as Document);

  it('a run that is terminated is told once, with a link to it', async () => {
    await storeAlert(tocsin.log, tocsin.region, 'firing');
    const run = await until('the run is there', async () => {
      for await (const each of tocsin.runs.startedSince(0)) return each;
      return null;
    });
    await tocsin.client.workflow.getHandle(run.workflowId).terminate('by the test');
    const document = await until('it is told', () => told().find(({ key }) => key.startsWith('run/')));
    assert.equal(document.key, `run/${run.workflowId}/terminated`);
    assert.equal(document.severity, 'warning');
    assert.match(document.text, /reason: by the test/);
    assert.equal(
      decodeURIComponent(document.link ?? ''),
      `https://ui.test/namespaces/default/workflows/${run.workflowId}/${run.runId}`,
    );
  });

  it('dead letters of one kind are told at once, then counted; the count is told at the latest at the end', async () => {
    for (let count = 0; count < 3; count += 1)
      await tocsin.log.publish(subjectOf(tocsin.region), new TextEncoder().encode(`not json ${count}`), {
        expectStream: eventStream(tocsin.region),
      });
    const [first] = await until('it is told', () => {
      const dead = told().filter(({ key }) => key.startsWith('dead/'));
      return dead.length > 0 && dead;
    });
    assert.equal(first?.key, `dead/${tocsin.region}/not-json/`);
    assert.equal(first.title, `${tocsin.region}: dead letter, an event (not-json)`);
    await until('all are recorded', async () => {
      const records = await tocsin.records();
      return records.filter(({ dispositions }) => dispositions.some(({ kind }) => kind === 'dead')).length === 3;
    });
    await until('it lives by its heart', () => receiver.requests.some(({ path }) => path === '/heartbeat'));
    await trigger.stop();
    const last = told().at(-1);
    assert.deepEqual([last?.key, last?.repeats], [first.key, 2]);
  });

  it('what nobody could be told when the process died is told by the next one, once', async () => {
    const before = told().length;
    receiver.answer = (response) => response.writeHead(503).end();
    const second = await tocsin.startReady('trigger');
    await tocsin.log.publish(subjectOf(tocsin.region), new TextEncoder().encode('{"id": 1, "specversion": "1.0"}'), {
      expectStream: eventStream(tocsin.region),
    });
    await until('it was tried in vain', () => told().length > before);
    await second.kill();
    receiver.answer = (response) => response.end('ok');
    const tried = told().length;
    // Given back by the server after a minute, or at once: the process that had it is gone.
    const third = await tocsin.startReady('trigger');
    const again = await until(
      'the next one tells it',
      () =>
        told()
          .slice(tried)
          .find(({ key }) => key.startsWith('dead/')),
      90_000,
    );
    assert.equal(again.repeats, 0);
    await third.stop();
    const stream = deadStream(tocsin.region);
    const state = await tocsin.log.consumerState(stream, NOTICE_CONSUMER);
    assert.deepEqual([state.pending, state.ackPending], [0, 0]);
  });

  it('events that wait for too long are told, also while Temporal is away', async () => {
    const process = await tocsin.startReady('trigger');
    await tocsin.servers.temporal.kill();
    await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: 'late' });
    const lag = await until('the lag is told', () => told().find(({ key }) => key === `lag/${tocsin.region}/urgent`));
    assert.match(lag.title, /^eu: 1 urgent events wait, the oldest for \d+s$/);
    await until('and so is the part that is not ready', () =>
      told().find(({ key }) => key.startsWith('unready/') && key.endsWith('/trigger eu')),
    );
    await process.kill();
    await tocsin.servers.temporal.start();
  });
});

const subjectOf = (region: string): string => eventSubject(region, 'normal', 'test', 'com.example.broken');
