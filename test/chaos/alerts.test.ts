import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from 'nats';
import { bookSubject, eventStream, eventSubject } from '../../triggers/nats/subject.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { cli } from '../support/cli.ts';
import { type Installation, type RoleProcess, spawnRole, startInstallation } from '../support/installation.ts';
import { oldZoneData } from '../support/old-zone-data.ts';
import { alertmanagerPayload, storeAlert } from '../support/payloads.ts';
import { type PrometheusFixture, startPrometheus } from '../support/prometheus.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { clockOff, lacksFaketime } from '../support/skewed-process.ts';
import { until } from '../support/until.ts';

const SLOW = ['TocsinEventsWait', 'TocsinSweeperStale', 'TocsinSettlesSlowly'];

/** Real faults, real roles, a real Prometheus: each alert fires on its fault. */
describe('alerts', () => {
  let tocsin: Installation;
  let trigger: RoleProcess;
  let intake: RoleProcess;
  let intakeUrl: string;
  let channel: Receiver;
  let prometheus: PrometheusFixture;
  before(async () => {
    channel = await startReceiver();
    const port = await freePort();
    intakeUrl = `http://127.0.0.1:${port}/in/alertmanager`;
    tocsin = await startInstallation({
      env: { NOTIFY_URL: channel.url.href },
      config: () => ({
        intake: { port },
        notify: { channels: [{ kind: 'webhook', url: 'env:NOTIFY_URL' }], watch: { every: '500ms' } },
      }),
    });
    [trigger, intake] = await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('intake')]);
    prometheus = await startPrometheus(join(tocsin.servers.dir, 'prometheus'), [trigger.metricsUrl, intake.metricsUrl]);
  });
  after(async () => {
    await prometheus?.stop('SIGKILL');
    await tocsin?.stop();
    await channel.close();
  });

  type Labels = Readonly<Record<string, string>>;
  const firing = async (alertname: string, labels: Labels = {}): Promise<Labels | undefined> =>
    (await prometheus.firing()).find(
      (alert) =>
        alert.alertname === alertname && Object.entries(labels).every(([name, value]) => alert.labels[name] === value),
    )?.labels;
  const fires = (alertname: string, labels: Labels = {}): Promise<Labels> =>
    until(`${alertname} fires`, () => firing(alertname, labels));
  const isOver = (alertname: string): Promise<true> =>
    until(`${alertname} is over`, async () => (await firing(alertname)) === undefined);

  it('nobody is alarmed while all is well', async () => {
    await until('it was scraped', () => prometheus.holds('tocsin_lane_pulled == 1'));
    await until('both roles were', () => prometheus.holds('sum(up) == 2'));
    await until('what was not known at first is', async () => (await prometheus.firing()).length === 0);
  });

  it('a host whose clock is a minute behind and whose zone data is old', { skip: lacksFaketime }, async () => {
    const { dir } = tocsin.servers;
    const other = await spawnRole(['trigger'], { ...tocsin.env, ...oldZoneData(dir), ...clockOff('-60') }, dir);
    try {
      await until('it is ready', () => other.ready());
      prometheus.scrape([trigger.metricsUrl, intake.metricsUrl, other.metricsUrl]);
      await Promise.all([
        fires('TocsinZoneDataDiffers'),
        fires('TocsinClockSkew', { server: 'nats' }),
        fires('TocsinClockSkew', { server: 'temporal' }),
      ]);
    } finally {
      await other.stop();
    }
    prometheus.scrape([trigger.metricsUrl, intake.metricsUrl]);
    await until('it is over', async () => (await prometheus.firing()).length === 0);
  });

  it('a sender that is refused', async () => {
    const post = async (body: string): Promise<number> =>
      (await fetch(intakeUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status;
    // From the second on: the first one of a reason makes its counter.
    assert.equal(await post('no json'), 400);
    await until('it was counted', () => prometheus.holds('tocsin_events_rejected_total == 1'));
    assert.equal(await firing('TocsinIntakeRefuses'), undefined);
    assert.equal(await post('no json either'), 400);
    const { sender, reason } = await fires('TocsinIntakeRefuses');
    assert.deepEqual([sender, reason], ['alertmanager', 'not-json']);
    assert.equal(await post(JSON.stringify(alertmanagerPayload('firing', { name: 'Other' }))), 202);
  });

  it('a run that was terminated', async () => {
    const { event } = await storeAlert(tocsin.log, tocsin.region, 'firing');
    const run = await until('the run is there', async () => {
      for await (const each of tocsin.runs.startedSince(0))
        if (each.context?.alertKey === event.partitionkey) return each;
      return null;
    });
    await tocsin.client.workflow.getHandle(run.workflowId).terminate('by the test');
    await fires('TocsinRunsFail', { trigger: 'restart-service', outcome: 'terminated' });
  });

  it('a run that a person started, and that was terminated', async () => {
    const started = await cli(tocsin.env, '--json', 'run', 'restartService', '--input', '{"service":"checkout"}');
    assert.equal(started.code, 0, started.stderr);
    const { workflowId } = started.json as { workflowId: string };
    await tocsin.client.workflow.getHandle(workflowId).terminate('by the test');
    await fires('TocsinRunsFail', { trigger: 'other', outcome: 'terminated' });
  });

  it('a trigger that stays paused', async () => {
    assert.equal((await cli(tocsin.env, 'trigger', 'pause', 'restart-service')).code, 0);
    assert.equal((await fires('TocsinTriggerPaused'))['trigger'], 'restart-service');
    assert.equal((await cli(tocsin.env, 'trigger', 'resume', 'restart-service')).code, 0);
  });

  it('Temporal away: pulling pauses, nobody pulls, events wait, nobody looks for failed runs', async () => {
    for (const alert of SLOW) assert.equal(await firing(alert), undefined, alert);
    await tocsin.servers.temporal.kill();
    await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: 'waits' });
    assert.equal((await fires('TocsinNobodyPulls'))['region'], 'eu');
    await fires('TocsinServersAway');
    await fires('TocsinEventsWait', { region: 'eu', lane: 'urgent' });
    await fires('TocsinSweeperStale', { region: 'eu' });
    assert.equal(await firing('TocsinSettlesSlowly'), undefined);
    await tocsin.servers.temporal.start();
    for (const alert of ['TocsinNobodyPulls', 'TocsinEventsWait', 'TocsinSweeperStale']) await isOver(alert);
    assert.equal((await fires('TocsinSettlesSlowly'))['region'], 'eu');
  });

  it('a record of the book that is damaged, and a dead letter of it', async () => {
    const { event } = await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: 'damaged' });
    const key = event.partitionkey ?? assert.fail('it has no key');
    await until('it is recorded', async () => (await tocsin.records()).some((each) => each.event.alertKey === key));
    for (const alert of ['TocsinPathErrors', 'TocsinDeadLetters']) assert.equal(await firing(alert), undefined, alert);
    await tocsin.log.publish(bookSubject(tocsin.region, key), Buffer.from('{ "alertKey": '));
    await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: 'damaged' });
    assert.equal((await fires('TocsinPathErrors'))['region'], 'eu');
    assert.equal((await fires('TocsinDeadLetters'))['region'], 'eu');
  });

  it('a channel that refuses what it is told', async () => {
    assert.equal(await firing('TocsinNoticesFail'), undefined);
    channel.answer = (response) => response.writeHead(403).end();
    await tocsin.log.publish(eventSubject('eu', 'normal', 'test', 'x'), Buffer.from('no event'));
    assert.match((await fires('TocsinNoticesFail'))['channel'] ?? '', /^webhook 127\.0\.0\.1/);
    channel.answer = (response) => response.end('ok');
  });

  it('a stream that fills, then is full, until it has more room', async () => {
    const nats = await connect({ servers: tocsin.servers.natsUrl });
    try {
      const stream = eventStream('eu');
      const { streams } = await nats.jetstreamManager();
      const { config, state } = await streams.info(stream);
      const room = 1_000_000;
      await streams.update(stream, { max_bytes: state.bytes + room });
      const fill = async (share: number): Promise<void> => {
        for (;;) {
          const { bytes, maxBytes } = await tocsin.log.streamState(stream);
          if (bytes > maxBytes * share) return;
          await tocsin.log.publish(eventSubject('eu', 'normal', 'test', 'x'), Buffer.alloc(room / 50, 'x'));
        }
      };
      await fill(0.75);
      await fires('TocsinStreamFills', { stream });
      assert.equal(await firing('TocsinStreamFull', { stream }), undefined);
      await fill(0.92);
      await fires('TocsinStreamFull', { stream });
      await streams.update(stream, { max_bytes: config.max_bytes });
      await isOver('TocsinStreamFills');
    } finally {
      await nats.close();
    }
  });

  it('NATS away: nobody can say how many events wait', async () => {
    await tocsin.servers.nats.kill();
    await fires('TocsinLagUnknown');
    await tocsin.servers.nats.start();
  });

  it('a role that was killed', async () => {
    await isOver('TocsinTargetDown');
    await trigger.kill();
    await fires('TocsinTargetDown');
  });
});
