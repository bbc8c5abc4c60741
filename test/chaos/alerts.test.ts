import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventSubject } from '../../triggers/nats/subject.ts';
import { cli } from '../support/cli.ts';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { type PrometheusFixture, startPrometheus } from '../support/prometheus.ts';
import { until } from '../support/until.ts';

/** Real faults, a real role, a real Prometheus: each alert fires on its fault. */
describe('alerts', () => {
  let tocsin: Installation;
  let trigger: RoleProcess;
  let prometheus: PrometheusFixture | undefined;
  before(async () => {
    tocsin = await startInstallation();
    trigger = await tocsin.startReady('trigger');
    prometheus = await startPrometheus(join(tocsin.servers.dir, 'prometheus'), [trigger.metricsUrl]);
  });
  after(async () => {
    await prometheus?.stop('SIGKILL');
    await tocsin.stop();
  });

  const fires = (alertname: string): Promise<Readonly<Record<string, string>>> =>
    until(`${alertname} fires`, async () => {
      const found = await prometheus?.firing();
      return found?.find((alert) => alert.alertname === alertname)?.labels;
    });

  it('nobody is alarmed while all is well', async () => {
    await until('it was scraped', () => prometheus?.holds('tocsin_lane_pulled == 1'));
    await until('what was not known at first is', async () => (await prometheus?.firing())?.length === 0);
  });

  it('a dead letter', async () => {
    await tocsin.log.publish(eventSubject('eu', 'normal', 'test', 'x'), Buffer.from('no event'));
    assert.equal((await fires('TocsinDeadLetters'))['region'], 'eu');
  });

  it('a run that was terminated', async () => {
    await storeAlert(tocsin.log, tocsin.region, 'firing');
    const run = await until('the run is there', async () => {
      for await (const each of tocsin.runs.startedSince(0)) return each;
      return null;
    });
    await tocsin.client.workflow.getHandle(run.workflowId).terminate('by the test');
    const { trigger: id, outcome } = await fires('TocsinRunsFail');
    assert.deepEqual([id, outcome], ['restart-service', 'terminated']);
  });

  it('a trigger that stays paused', async () => {
    assert.equal((await cli(tocsin.env, 'trigger', 'pause', 'restart-service')).code, 0);
    assert.equal((await fires('TocsinTriggerPaused'))['trigger'], 'restart-service');
    assert.equal((await cli(tocsin.env, 'trigger', 'resume', 'restart-service')).code, 0);
  });

  it('Temporal away: pulling pauses, nobody pulls', async () => {
    await tocsin.servers.temporal.kill();
    await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: 'waits' });
    assert.equal((await fires('TocsinNobodyPulls'))['region'], 'eu');
    await fires('TocsinServersAway');
    await tocsin.servers.temporal.start();
    await until(
      'it is over',
      async () => !(await prometheus?.firing())?.some(({ alertname }) => alertname === 'TocsinNobodyPulls'),
    );
  });

  it('NATS away: nobody can say how many events wait', async () => {
    await tocsin.servers.nats.kill();
    await fires('TocsinLagUnknown');
    await tocsin.servers.nats.start();
  });

  it('a role that was killed', async () => {
    await trigger.kill();
    await fires('TocsinTargetDown');
  });
});
