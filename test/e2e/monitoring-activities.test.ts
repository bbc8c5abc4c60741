import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createAlertmanagerActivities } from '../../activities/alertmanager.ts';
import { createHttp } from '../../activities/http.ts';
import { createPrometheusActivities } from '../../activities/prometheus.ts';
import { type Monitoring, lacksPrometheus, startMonitoring } from '../support/monitoring.ts';
import { until } from '../support/until.ts';

const LABELS = { alertname: 'ServiceDown', service: 'checkout', severity: 'critical' };
const HOSTILE = [
  ';',
  '$(id)',
  '`id`',
  'a\nb',
  'a\tb',
  '-oProxyCommand=x',
  '../',
  '{{ }}',
  '${x}',
  '"',
  '\\',
  '",a=~".*',
  '✓',
];

describe('Prometheus and Alertmanager', { skip: lacksPrometheus }, () => {
  let monitoring: Monitoring;
  let dir: string;
  let on: ReturnType<typeof activitiesOn>;
  /** Alerts that the webhook was told, newest last: name and status. */
  const told: string[] = [];
  const webhook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { alerts } = JSON.parse(body) as { alerts: { status: string }[] };
      told.push(...alerts.map(({ status }) => status));
      response.end();
    });
  });
  const activitiesOn = () => {
    const [prometheus, alertmanager] = [monitoring.prometheusUrl, monitoring.alertmanagerUrl].map((url) => ({
      url,
      http: createHttp({ allow: [{ origin: url, private: true }], maxBodyBytes: 4_194_304 }),
    }));
    assert.ok(prometheus !== undefined && alertmanager !== undefined);
    return { ...createPrometheusActivities({ prometheus }), ...createAlertmanagerActivities({ alertmanager }) };
  };
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tocsin-monitoring-'));
    await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
    const { port } = webhook.address() as AddressInfo;
    const { alertname, ...labels } = LABELS;
    monitoring = await startMonitoring({ dir, labels, alertname, webhook: `http://127.0.0.1:${port}/` });
    on = activitiesOn();
  });
  after(async () => {
    await monitoring?.stop();
    webhook.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** As an attempt of an activity of this run. */
  const step = <T>(work: () => Promise<T>, workflowId = 'kill-blockers/a#1'): Promise<T> =>
    new MockActivityEnvironment(
      { workflowExecution: { workflowId, runId: 'r1' } },
      { logger: new DefaultLogger('ERROR') },
    ).run<[], T, () => Promise<T>>(work);
  const silences = async (): Promise<{ status: { state: string }; comment: string; endsAt: string }[]> =>
    (await fetch(`${monitoring.alertmanagerUrl}/api/v2/silences`)).json() as Promise<
      { status: { state: string }; comment: string; endsAt: string }[]
    >;

  const groups = async (): Promise<number> => {
    const text = await (await fetch(`${monitoring.alertmanagerUrl}/metrics`)).text();
    return Number(/^alertmanager_dispatcher_aggregation_groups (\d+)$/m.exec(text)?.[1]);
  };

  it('a figure is asked for, with its labels as matchers', async () => {
    const answer = await until('it is scraped', async () => {
      const seen = await step(() =>
        on.queryPrometheus({ query: 'service_healthy{$labels}', labels: { job: 'service' } }),
      );
      return seen.series.length > 0 ? seen : null;
    });
    assert.equal(answer.series[0]?.value, 1);
    assert.equal(answer.series[0]?.labels['job'], 'service');
    assert.deepEqual((await step(() => on.queryPrometheus({ query: '1/0' }))).series, [{ labels: {}, value: null }]);
  });

  for (const value of HOSTILE)
    it(`a label ${JSON.stringify(value)} is text to both servers`, async () => {
      const query = `label_replace(vector(1), "x", ${JSON.stringify('$1')}, "", "") or service_healthy{$labels}`;
      const { series } = await step(() => on.queryPrometheus({ query, labels: { job: value } }));
      assert.equal(series.length, 1, 'nothing but what the query itself makes');
      const labels = { ...LABELS, service: value };
      assert.equal((await step(() => on.alertFires({ labels }))).state, 'inactive');
      const { id } = await step(() => on.silenceAlert({ labels, forMs: 60_000, why: value }));
      assert.deepEqual(await step(() => on.expireSilence({ labels })), { expired: [id] });
    });

  it('an alert fires, is silenced once for a bounded time, and its undo ends the silence', async () => {
    assert.deepEqual(await step(() => on.alertFires({ labels: LABELS })), { state: 'inactive', since: null });
    assert.equal((await step(() => on.observeAlert({ labels: LABELS }))).state, 'absent');
    monitoring.setHealthy(false);
    await until('it fires', async () => (await step(() => on.alertFires({ labels: LABELS }))).state === 'firing');
    const external = { ...LABELS, cluster: 'eu-1' };
    assert.equal(
      (await step(() => on.alertFires({ labels: external }))).state,
      'firing',
      'external labels do not count',
    );
    const other = { ...LABELS, service: 'billing' };
    assert.equal((await step(() => on.alertFires({ labels: other }))).state, 'inactive');
    await until('it is told', async () => (await step(() => on.observeAlert({ labels: LABELS }))).state === 'active');
    await until('the webhook was told', () => told.includes('firing'));

    const request = { labels: LABELS, forMs: 600_000, why: 'ending what blocks it' };
    const first = await step(() => on.silenceAlert(request));
    assert.deepEqual(await step(() => on.silenceAlert(request)), first, 'a second attempt makes no second silence');
    const theirs = await step(() => on.silenceAlert(request), 'kill-blockers/b#1');
    assert.notEqual(theirs.id, first.id);
    assert.ok(Date.parse(first.until) <= Date.now() + request.forMs);
    const silenced = await until('it is silenced', async () => {
      const seen = await step(() => on.observeAlert({ labels: LABELS }));
      return seen.state === 'suppressed' ? seen : null;
    });
    assert.ok(silenced.silencedBy.includes(first.id));

    // Why nobody should silence the alert a run was started by: one that ends in silence is never told as resolved.
    const before = told.length;
    monitoring.setHealthy(true);
    await until('it has ended', async () => (await step(() => on.observeAlert({ labels: LABELS }))).state === 'absent');
    await until('Alertmanager is done with it', async () => (await groups()) === 0);
    assert.equal(told.slice(before).includes('resolved'), false);
    assert.deepEqual(await step(() => on.expireSilence({ labels: LABELS })), { expired: [first.id] });
    assert.deepEqual(await step(() => on.expireSilence({ labels: LABELS })), { expired: [] });
    const left = (await silences()).filter(({ status }) => status.state === 'active');
    assert.deepEqual(left.length, 1, 'the other run keeps its own');
    assert.match(left[0]?.comment ?? '', /^\[kill-blockers\/b#1 r1\] ending what blocks it$/);
  });

  for (const [why, labels] of [
    ['no labels', {}],
    ['no name', { service: 'checkout' }],
    ['an empty label, which matches alerts without it', { ...LABELS, service: '' }],
    ['a label that is no name', { ...LABELS, 'a=~".*"': 'x' }],
  ] as const)
    it(`no silence with ${why}`, async () => {
      const count = (await silences()).length;
      await assert.rejects(
        step(() => on.silenceAlert({ labels, forMs: 1_000, why: 'x' })),
        (error) => error instanceof ApplicationFailure && error.type === 'BadLabels' && error.nonRetryable === true,
      );
      assert.equal((await silences()).length, count);
    });

  for (const forMs of [0, -1, 14_400_001, Number.NaN, Number.POSITIVE_INFINITY])
    it(`no silence of ${forMs} ms`, () =>
      assert.rejects(
        step(() => on.silenceAlert({ labels: LABELS, forMs, why: 'x' })),
        /expected more than 0/,
      ));

  for (const [why, query, labels, pattern] of [
    ['a query that does not parse', 'sum(', {}, /Prometheus answered 400/],
    ['labels without a place', 'up', { job: 'a' }, /no place for its labels/],
    ['a range', 'up[5m]', {}, /expected a vector or a scalar/],
  ] as const)
    it(`${why} is refused for good`, () =>
      assert.rejects(
        step(() => on.queryPrometheus({ query, labels })),
        (error) => error instanceof ApplicationFailure && error.nonRetryable === true && pattern.test(error.message),
      ));

  it('without a server in the configuration it says so', async () => {
    const none = { ...createPrometheusActivities({ prometheus: null }) };
    await assert.rejects(
      step(() => none.alertFires({ labels: LABELS })),
      /no Prometheus is configured for this region/,
    );
  });
});
