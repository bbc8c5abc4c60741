import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { stringify } from 'yaml';
import type { Http, HttpRequest } from '../../../activities/http.ts';
import { createPrometheusActivities } from '../../../activities/prometheus.ts';
import { loadConfig } from '../../../workers/config.ts';
import { monitoringServers } from '../../../workers/monitoring-servers.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-monitoring-config-'));
after(() => rmSync(dir, { recursive: true, force: true }));
const load = (document: object) => {
  const file = join(dir, 'tocsin.yaml');
  writeFileSync(file, stringify(document));
  return loadConfig({ file, env: {} });
};
const PROMETHEUS = 'https://prometheus.test';

/** Answers always the same, and remembers what it was asked. */
function answering(status: number, body: string): Http & { readonly asked: HttpRequest[] } {
  const asked: HttpRequest[] = [];
  return {
    asked,
    request: async (request) => {
      asked.push(request);
      return { status, headers: {}, body };
    },
  };
}
const on = (http: Http) => createPrometheusActivities({ prometheus: { url: PROMETHEUS, http, bearer: () => 'token' } });
const vector = (size: number): string =>
  JSON.stringify({
    data: {
      resultType: 'vector',
      result: Array.from({ length: size }, (_, n) => ({ metric: { n: String(n) }, value: [0, String(n)] })),
    },
  });

describe('monitoring', () => {
  it('a hundred series are kept, the others are counted', async () => {
    const http = answering(200, vector(130));
    const answer = await on(http).queryPrometheus({ query: 'up' });
    assert.deepEqual([answer.series.length, answer.more], [100, 30]);
    assert.equal(http.asked[0]?.headers?.['authorization'], 'Bearer token');
    assert.equal(http.asked[0]?.body, 'query=up&timeout=5s');
  });

  for (const [status, body, final, pattern] of [
    [503, 'starting', false, /answered 503, expected 2xx: starting/],
    [429, 'slowly', false, /answered 429/],
    [401, 'who are you', true, /answered 401/],
    [302, '', false, /answered 302/],
    [200, vector(10).slice(0, 100), false, /100 characters that are not JSON, or were cut/],
    [200, '{}', true, /gives a nothing/],
  ] as const)
    it(`an answer ${status} ${body.slice(0, 12)} is ${final ? 'final' : 'tried again'}`, () =>
      assert.rejects(on(answering(status, body)).queryPrometheus({ query: 'up' }), (error: Error) => {
        assert.match(error.message, pattern);
        return ('nonRetryable' in error && error.nonRetryable === true) === final;
      }));

  it('the configuration names servers by region, and only those that http.allow has', () => {
    const http = { allow: [{ origin: PROMETHEUS }] };
    const config = load({ http, monitoring: [{ region: 'eu', prometheus: `${PROMETHEUS}/base/` }] });
    assert.equal(monitoringServers(config, 'eu').prometheus?.url, `${PROMETHEUS}/base`);
    assert.deepEqual(monitoringServers(config, 'us'), { prometheus: null, alertmanager: null });
    for (const [monitoring, pattern] of [
      [
        [{ region: 'eu', alertmanager: 'https://am.test' }],
        /monitoring\/0\/alertmanager: https:\/\/am.test is not allowed by http.allow/,
      ],
      [[{ region: 'moon' }], /monitoring\/0\/region: moon is not configured/],
      [[{ region: 'eu', answersFor: ['alertmanager'] }], /answersFor: there is no alertmanager beside it/],
      [
        [{ region: 'eu', answersFor: ['nobody'] }],
        /answersFor: nobody is no sender of kind alertmanager; those are: alertmanager/,
      ],
      [[{ region: 'eu' }, { region: 'eu' }], /monitoring\/1\/region: eu is there twice/],
      [[{ region: 'eu', prometheus: 'ftp://a' }], /monitoring\/0\/prometheus/],
    ] as const)
      assert.throws(() => load({ http, monitoring }), pattern);
  });
});
