import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { NOTICE_CONSUMER, deadStream, eventStream, eventSubject } from '../../triggers/nats/subject.ts';
import { type Installation, type RoleProcess, spawnRole, startInstallation } from '../support/installation.ts';
import { OLD_RELEASE, oldZoneData } from '../support/old-zone-data.ts';
import { storeAlert } from '../support/payloads.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { readMail } from '../support/read-mail.ts';
import { type TestSmtpServer, makeCertificate, startSmtpServer } from '../support/smtp-server.ts';
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

  it('a worker with other zone data than the trigger process is told, by release', async () => {
    const { dir } = tocsin.servers;
    const trigger = await tocsin.startReady('trigger');
    const worker = await spawnRole(['worker'], { ...tocsin.env, ...oldZoneData(dir) }, dir);
    try {
      const { severity, title, text } = await until('it is told', () => told().find(({ key }) => key === 'zone-data'));
      assert.equal(severity, 'warning');
      assert.match(title, /^hosts began with zone data of 2019a and 20\d\d[a-z]$/);
      assert.match(text, new RegExp(`^${OLD_RELEASE}: \\S+ ${worker.pid} `, 'm'));
      assert.match(text, /^20\d\d[a-z]: this trigger process$/m);
    } finally {
      await worker.stop();
      await trigger.stop();
    }
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

describe('a trigger process with a channel of each kind', () => {
  const password = 'pässwörd';
  let tocsin: Installation;
  let mails: TestSmtpServer;
  let receivers: Readonly<Record<'webhook' | 'slack' | 'pagerduty', Receiver>>;
  before(async () => {
    const certificate = makeCertificate() ?? assert.fail('openssl is missing');
    receivers = { webhook: await startReceiver(), slack: await startReceiver(), pagerduty: await startReceiver() };
    mails = await startSmtpServer({ certificate, auth: 'PLAIN', password });
    const { webhook, slack, pagerduty } = receivers;
    tocsin = await startInstallation({
      env: {
        WEBHOOK_URL: webhook.url.href,
        SLACK_URL: slack.url.href,
        ROUTING_KEY: 'R0',
        SMTP_PASSWORD: password,
        SMTP_CA: certificate.cert,
      },
      config: () => ({
        temporal: { uiUrl: 'https://ui.test' },
        notify: {
          channels: [
            { kind: 'webhook', url: 'env:WEBHOOK_URL' },
            { kind: 'slack', url: 'env:SLACK_URL' },
            { kind: 'pagerduty', routingKey: 'env:ROUTING_KEY', url: pagerduty.url.href },
            {
              kind: 'email',
              host: 'localhost',
              port: mails.port,
              user: 'tocsin',
              password: 'env:SMTP_PASSWORD',
              ca: 'env:SMTP_CA',
              from: 'tocsin@a.test',
              to: ['oncall@b.test'],
            },
          ],
        },
      }),
    });
  });
  after(async () => {
    await tocsin?.stop();
    await mails?.close();
    for (const receiver of Object.values(receivers)) await receiver.close();
  });

  it('tells each of them of a terminated run, once, with its name and a link to it', async () => {
    const trigger = await tocsin.startReady('trigger');
    await storeAlert(tocsin.log, tocsin.region, 'firing');
    const { workflowId, runId } = await until('the run is there', async () => {
      for await (const each of tocsin.runs.startedSince(0)) return each;
      return null;
    });
    await tocsin.client.workflow.getHandle(workflowId).terminate('by the test');
    const { webhook, slack, pagerduty } = receivers;
    const sent = (): number[] => [webhook, slack, pagerduty].map(({ requests }) => requests.length);
    await until('all are told', () => sent().every((count) => count > 0) && mails.mails.length > 0);
    // What it still had to tell, it tells now.
    await trigger.stop();
    assert.deepEqual([...sent(), mails.mails.length], [1, 1, 1, 1]);

    const title = `${tocsin.region}: run ${workflowId} terminated`;
    const linked = (link: unknown): void =>
      assert.equal(
        decodeURIComponent(String(link)),
        `https://ui.test/namespaces/default/workflows/${workflowId}/${runId}`,
      );
    const document = bodyOf<Document>(webhook);
    assert.equal(document.title, title);
    linked(document.link);

    const { text, blocks } = bodyOf<{ text: string; blocks: { text: { type: string; text: string } }[] }>(slack);
    assert.equal(text, `warning: ${title}`);
    const [header, reason, button] = blocks.map((block) => block.text);
    assert.deepEqual(header, { type: 'plain_text', text: `🟠 ${title}`, emoji: false });
    assert.match(reason?.text ?? '', /reason: by the test/);
    linked(/^<(.*)\|Open>$/.exec(button?.text ?? '')?.[1]);

    const alert = bodyOf<PagerDutyEvent>(pagerduty);
    assert.deepEqual(
      [alert.routing_key, alert.event_action, alert.dedup_key, alert.payload.severity, alert.payload.summary],
      ['R0', 'trigger', `run/${workflowId}/terminated`, 'warning', title],
    );
    linked(alert.links[0]?.href);

    const [mail] = mails.mails;
    assert.deepEqual([mail?.to, mail?.user, mail?.encrypted], [['oncall@b.test'], 'tocsin', true]);
    const { headers, body } = readMail(mail?.data ?? '');
    assert.equal(headers['subject'], `[warning] ${title}`);
    assert.match(body, /reason: by the test/);
    linked(body.split('\r\n').at(-1));
  });
});

interface PagerDutyEvent {
  readonly routing_key: string;
  readonly event_action: string;
  readonly dedup_key: string;
  readonly payload: { readonly summary: string; readonly severity: string };
  readonly links: readonly { readonly href: string }[];
}

const bodyOf = <T>({ requests }: Receiver): T => JSON.parse(requests[0]?.body ?? '') as T;

const subjectOf = (region: string): string => eventSubject(region, 'normal', 'test', 'com.example.broken');
