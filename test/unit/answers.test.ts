/** What each sender must be answered, so that it repeats exactly what can succeed later: the table of its documented behaviour. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Auth } from '../../triggers/intake/auth.ts';
import { LogUnavailable } from '../../triggers/nats/errors.ts';
import { sources } from '../../triggers/sources/index.ts';
import { createGeneric } from '../../triggers/sources/generic.ts';
import { startIntake } from '../support/intake.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { recordingLog } from '../support/recording-log.ts';

/** `done`: takes it as delivered. `again`: sends it again by itself. Everything else it gives up, or repeats in vain. */
interface Behaviour {
  readonly kind: string;
  readonly done: (status: number) => boolean;
  readonly again: (status: number) => boolean;
  /** Repeats whatever is refused, for days. */
  readonly queue?: true;
}

const is2xx = (status: number): boolean => status >= 200 && status < 300;
const is5xx = (status: number): boolean => status >= 500;
const never = (): boolean => false;
const BEHAVIOURS: readonly Behaviour[] = [
  { kind: 'alertmanager', done: is2xx, again: is5xx },
  { kind: 'grafana', done: is2xx, again: never },
  { kind: 'aws-sns', done: is2xx, again: (status) => status < 200 || status >= 500 },
  { kind: 'aws-eventbridge', done: is2xx, again: (status) => !is2xx(status) },
  { kind: 'azure-monitor', done: is2xx, again: (status) => [408, 429, 503, 504].includes(status) },
  { kind: 'datadog', done: is2xx, again: is5xx },
  {
    kind: 'gcp',
    done: (status) => [102, 200, 201, 202, 204].includes(status),
    again: (status) => !is2xx(status),
    queue: true,
  },
  { kind: 'pagerduty', done: is2xx, again: (status) => !is2xx(status) && status !== 400 && status !== 403 },
  { kind: 'github', done: is2xx, again: never },
  { kind: 'sentry', done: is2xx, again: never },
  { kind: 'healthchecks', done: (status) => [200, 201, 202, 204].includes(status), again: (status) => !is2xx(status) },
  { kind: 'zabbix', done: (status) => status === 202, again: (status) => status !== 202 },
  { kind: 'uptime-kuma', done: is2xx, again: never },
];

const auth: Auth = { kind: 'none' };
const storing = recordingLog();
const away = { publish: () => Promise.reject(new LogUnavailable('away')) };

/** One readable alert whoever sends it: these tests look at answers, and a mapping of its own reads it. */
const readable = createGeneric({ key: ['/id'], status: { at: '/state', firing: ['firing'] } });
const GOOD = JSON.stringify({ id: 'a', state: 'firing' });

describe('answers, sender by sender', () => {
  for (const { kind, done, again, queue } of BEHAVIOURS) {
    const source = sources.get(kind);
    assert.ok(source, kind);
    const sender = { name: 'x', source: { ...readable, kind }, auth };

    it(`${kind} takes what is stored as delivered`, async (t) => {
      const { post } = await startIntake(t, storing, { senders: [sender] });
      const { status, body } = await post('x', GOOD);
      assert.ok(status === 202 && done(status) && body.accepted === 1, `${status} ${JSON.stringify(body)}`);
    });

    it(`${kind} is told to come again while nothing can be stored${again(503) ? '' : ', although it will not by itself'}`, async (t) => {
      const { post } = await startIntake(t, away, { senders: [sender] });
      const { status, headers } = await post('x', GOOD);
      assert.equal(status, 503);
      assert.ok(!done(status) && headers.get('retry-after'));
    });

    it(`${kind} ${queue ? 'lets go of what can never work, which is kept' : 'does not repeat what can never work for longer than it must'}`, async (t) => {
      let kept = 0;
      const quarantine = () => Promise.resolve(void (kept += 1));
      const { post } = await startIntake(t, storing, {
        senders: [{ ...sender, source, quarantine: queue === true }],
        quarantine,
      });
      const { status } = await post('x', '{"never":');
      assert.equal(status, queue ? 202 : 400);
      assert.equal(kept, queue ? 1 : 0);
      assert.equal(done(status), queue === true);
    });
  }

  it('Grafana may PUT, nobody else', async (t) => {
    const [grafana, alertmanager] = [sources.get('grafana'), sources.get('alertmanager')];
    assert.ok(grafana && alertmanager);
    const { url } = await startIntake(t, storing, {
      senders: [
        { name: 'grafana', source: grafana, auth },
        { name: 'am', source: alertmanager, auth },
      ],
    });
    const put = (name: string, body: string) =>
      fetch(`${url}/in/${name}`, { method: 'PUT', body, headers: { 'content-type': 'application/json' } });
    const [alert] = (alertmanagerPayload('firing') as { alerts: object[] }).alerts;
    const body = JSON.stringify({ version: '1', orgId: 1, state: 'alerting', status: 'firing', alerts: [alert] });
    assert.equal((await put('grafana', body)).status, 202);
    const refused = await put('am', body);
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'POST']);
    assert.equal((await put('nobody', body)).status, 404);
  });
});
