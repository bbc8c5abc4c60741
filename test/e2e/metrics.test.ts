import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { metricsContract, offeredMetrics } from '../support/metrics-contract.ts';
import { storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

describe('/metrics of each role', () => {
  let tocsin: Installation;
  let roles: Readonly<Record<string, RoleProcess>>;
  before(async () => {
    tocsin = await startInstallation();
    const [trigger, worker] = await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
    roles = { trigger, worker, intake: await tocsin.startReady('intake') };
  });
  after(() => tocsin.stop());

  const page = async (role: string): Promise<string> => (await fetch(roles[role]?.metricsUrl ?? '')).text();

  for (const role of ['intake', 'trigger', 'worker'])
    it(`${role}: names and types are those of the documentation, and the SDK's are beside them`, async () => {
      const text = await page(role);
      const offered = offeredMetrics(text);
      const promised = metricsContract().map(({ name, type }) => `${name} ${type}`);
      assert.deepEqual([...offered].map(([name, { type }]) => `${name} ${type}`).toSorted(), promised.toSorted());
      assert.match(text, /^process_cpu_seconds_total /m);
      if (role !== 'intake') assert.match(text, /^temporal_/m);
    });

  it('trigger: what it reads and does has samples', async () => {
    await storeAlert(tocsin.log, tocsin.region, 'firing');
    const needed = [
      'tocsin_dispositions_total',
      'tocsin_settle_seconds',
      'tocsin_last_settled_timestamp_seconds',
      'tocsin_events_waiting',
      'tocsin_oldest_event_age_seconds',
      'tocsin_lane_pulled',
      'tocsin_dead_letters',
      'tocsin_stream_full_ratio',
      'tocsin_trigger_paused',
      'tocsin_trigger_mode',
      'tocsin_last_sweep_timestamp_seconds',
      'tocsin_clock_ahead_seconds',
      'tocsin_build_info',
    ];
    await until('every one has a sample', async () => {
      const offered = offeredMetrics(await page('trigger'));
      const missing = needed.filter((name) => !offered.get(name)?.samples);
      if (missing.length > 0) throw new Error(`none of ${missing.join(', ')}`);
      return true;
    });
  });
});
