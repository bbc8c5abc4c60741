/** Some senders put their variables into the address: of a GET, or of a POST without body. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sources } from '../../triggers/sources/index.ts';
import { TOKENS, startIntake } from '../support/intake.ts';

const ROBOT = 'monitorID=77&monitorFriendlyName=Shop+%26+Co&alertType=1&alertDetails=&alertDateTime=1777629600';
const KUMA = new URLSearchParams({
  msg: '[Shop] [Down] x',
  heartbeat: JSON.stringify({ status: 0, time: '2026-05-01 10:00:00.000' }),
  monitor: JSON.stringify({ id: 2, name: 'Shop' }),
}).toString();
const CHECK = 'code=5d1c464a-812a-4dd1-8bbf-ba8c05265200&status=down&name=Backup&now=2026-05-01T10:00:00%2B00:00';
const KINDS = ['uptimerobot', 'uptime-kuma', 'healthchecks', 'alertmanager', 'grafana'];
const authorization = `Bearer ${TOKENS[0]}`;

async function intake(t: Parameters<typeof startIntake>[0]) {
  const published: string[] = [];
  const publish = (subject: string, data: Uint8Array) => {
    if (!subject.startsWith('raw.')) published.push(Buffer.from(data).toString());
    return Promise.resolve({ stream: 'EVENTS_EU', sequence: 1, duplicate: false });
  };
  const senders = KINDS.map((kind) => {
    const source = sources.get(kind) ?? assert.fail(kind);
    return { name: kind, source, auth: { kind: 'bearer', secrets: TOKENS } } as const;
  });
  const { url } = await startIntake(t, { publish }, { senders });
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}/in/${path}`, { ...init, headers: { authorization, ...(init.headers as object) } });
  return { ask, published };
}

describe('variables in the address', () => {
  for (const [path, key, init] of [
    [`uptimerobot?${ROBOT}`, 'uptimerobot:monitor:77', {}],
    [`uptimerobot?&${ROBOT}`, 'uptimerobot:monitor:77', { method: 'POST' }],
    [
      `uptimerobot?${ROBOT}`,
      'uptimerobot:monitor:77',
      { method: 'POST', headers: { 'content-type': 'application/json' } },
    ],
    [`uptime-kuma?${KUMA}`, 'uptime-kuma:monitor:2', {}],
    [`healthchecks?${CHECK}`, 'healthchecks:check:5d1c464a-812a-4dd1-8bbf-ba8c05265200', { method: 'PUT' }],
  ] as const)
    it(`${'method' in init ? init.method : 'GET'} ${path.slice(0, 20)}`, async (t) => {
      const { ask, published } = await intake(t);
      const answer = await ask(path, init);
      assert.equal(answer.status, 202, await answer.text());
      const event = JSON.parse(published[0] ?? '') as { readonly data: { readonly alertKey: string } };
      assert.equal(event.data.alertKey, key);
    });

  it('the body, where there is one, is what counts', async (t) => {
    const { ask, published } = await intake(t);
    const body = new URLSearchParams({ monitorID: '78', alertType: '2' });
    assert.equal((await ask(`uptimerobot?${ROBOT}`, { method: 'POST', body })).status, 202);
    assert.match(published[0] ?? '', /uptimerobot:monitor:78/);
  });

  for (const [method, path, expected, allow] of [
    ['GET', 'alertmanager?a=1', 405, 'POST'],
    ['GET', 'grafana', 405, 'POST, PUT'],
    ['PUT', 'uptimerobot', 405, 'POST, GET'],
    ['GET', 'uptimerobot', 400, null],
    ['HEAD', `uptimerobot?${ROBOT}`, 405, 'POST'],
    ['GET', 'nobody', 404, null],
  ] as const)
    it(`${method} ${path} is ${expected}`, async (t) => {
      const { ask, published } = await intake(t);
      const answer = await ask(path, { method });
      assert.deepEqual([answer.status, answer.headers.get('allow'), published], [expected, allow, []]);
    });

  it('who proves nothing is refused', async (t) => {
    const { ask, published } = await intake(t);
    const answer = await ask(`uptimerobot?${ROBOT}`, { headers: { authorization: 'Bearer x' } });
    assert.deepEqual([answer.status, published], [401, []]);
  });
});
