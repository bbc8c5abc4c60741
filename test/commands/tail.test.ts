/** What an operator sees of senders while everything runs: `tocsin tail` and `tocsin sources`, on real servers and real roles. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { cli } from '../support/cli.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { send } from '../support/intake.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { until } from '../support/until.ts';

interface Line {
  readonly kind: string;
  readonly sequence: number;
  readonly event: { readonly source: string; readonly labels: Record<string, string> };
  readonly dispositions: readonly { readonly kind: string }[];
}

let tocsin: Installation;
let url: string;
before(async () => {
  tocsin = await startInstallation();
  const port = await freePort();
  tocsin.env['TOCSIN_INTAKE_PORT'] = String(port);
  url = `http://127.0.0.1:${port}`;
  await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('intake')]);
});
after(() => tocsin.stop());

const fire = (instance: string) =>
  send(`${url}/in/alertmanager`, { body: JSON.stringify(alertmanagerPayload('firing', { instance })) });
const tail = async (...args: readonly string[]): Promise<Line[]> => {
  const { code, stdout, stderr } = await cli(tocsin.env, '--json', 'tail', ...args);
  assert.equal(code, 0, stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
};

describe('tail', () => {
  it('shows what was stored and what became of it, and ends at its limit', async () => {
    await fire('one');
    const lines = await tail('--since', '1h', '--limit', '2');
    assert.deepEqual(lines.map(({ kind }) => kind).sort(), ['decided', 'stored']);
    assert.equal(lines.find(({ kind }) => kind === 'decided')?.dispositions[0]?.kind, 'started');
    assert.equal(new Set(lines.map(({ sequence }) => sequence)).size, 1);
  });

  it('shows what comes while it watches', async () => {
    const watching = tail('--limit', '1', '--label', 'instance=live');
    const watched = { done: false };
    void watching.finally(() => (watched.done = true));
    // Stored again and again, because nothing says from outside when the command has begun to watch.
    await until('the command has seen one', async () => {
      const startsAt = new Date().toISOString();
      const body = JSON.stringify(alertmanagerPayload('firing', { instance: 'live', startsAt }));
      await send(`${url}/in/alertmanager`, { body });
      return watched.done;
    });
    const [line] = await watching;
    assert.equal(line?.event.labels['instance'], 'live');
  });

  it('is narrowed by sender, trigger, disposition and label', async () => {
    await fire('two');
    const other = JSON.stringify(alertmanagerPayload('firing', { name: 'Other', instance: 'two' }));
    await send(`${url}/in/alertmanager`, { body: other });
    await until(
      'both are recorded',
      async () => (await tocsin.records()).filter(({ event }) => event.labels['instance'] === 'two').length === 2,
    );
    const since = ['--since', '1h', '--limit', '1'];
    for (const filter of [
      ['--label', 'instance=two', '--disposition', 'started'],
      ['--label', 'instance=two', '--trigger', 'restart-service'],
      ['--label', 'instance=two', '--disposition', 'filtered'],
      ['--label', 'instance=two', '--sender', 'alertmanager'],
    ]) {
      const [line] = await tail(...since, ...filter);
      assert.deepEqual(
        [line?.event.labels['instance'], line?.event.source],
        ['two', 'tocsin:/in/alertmanager'],
        filter.join(' '),
      );
    }
  });

  for (const args of [
    ['--disposition', 'eaten'],
    ['--label', 'no-value'],
    ['--limit', '0'],
  ])
    it(`${args.join(' ')} is refused`, async () => {
      assert.equal((await cli(tocsin.env, 'tail', ...args)).code, 2);
    });
});

describe('sources', () => {
  it('counts what each sender sent, and says what was wrong last', async () => {
    await send(`${url}/in/alertmanager`, { body: '{"alerts":1}' });
    const row = async () => {
      const { json } = await cli(tocsin.env, '--json', 'sources');
      return json as {
        name: string;
        region: string | null;
        accepted: number;
        rejected: number;
        perMinute: number;
        lastEventAt: string;
        lastProblem: { reason: string } | null;
      }[];
    };
    await until('the counts are written', async () => (await row())[0]?.lastProblem?.reason === 'not-alertmanager');
    const [alertmanager, events] = await row();
    assert.ok(alertmanager && events);
    assert.equal(alertmanager.region, 'eu');
    assert.ok(alertmanager.accepted >= 3 && alertmanager.rejected === 1 && alertmanager.perMinute > 0);
    assert.ok(Date.parse(alertmanager.lastEventAt) <= Date.now());
    assert.deepEqual([events.name, events.region, events.accepted], ['events', null, 0]);
    const { stdout } = await cli(tocsin.env, 'sources');
    assert.match(stdout, /\/in\/alertmanager  alertmanager, auth none, eu: last event .* 1 rejected.*not-alertmanager/);
    assert.match(stdout, /\/in\/events  cloudevents, auth none: nothing yet/);
  });
});

describe('following a stream', () => {
  it('goes on after the server was away', async () => {
    const log = await connectLog({ servers: tocsin.servers.natsUrl, name: 'follower' });
    const ended = new AbortController();
    const followed = log
      .follow({ stream: 'EVENTS_EU', since: Date.now(), signal: ended.signal })
      [Symbol.asyncIterator]();
    const first = followed.next();
    await fire('before');
    assert.equal((await first).done, false);
    const second = followed.next();
    await tocsin.servers.nats.kill();
    await tocsin.servers.nats.start();
    await until('the intake stores again', async () => (await fire('after')).status === 202);
    assert.equal((await second).done, false);
    ended.abort();
    await followed.return?.(undefined);
    await log.close();
  });
});
