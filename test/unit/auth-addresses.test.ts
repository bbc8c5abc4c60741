/** Addresses that two readers may understand differently: none leads past the authentication of a sender, or to another sender. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, it } from 'node:test';
import { sources } from '../../triggers/sources/index.ts';
import { startIntake } from '../support/intake.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { recordingLog } from '../support/recording-log.ts';

const TOKEN = 'the-token-of-the-sender-am';
const GOOD = JSON.stringify(alertmanagerPayload('firing'));
const [alertmanager, pagerduty] = [sources.get('alertmanager'), sources.get('pagerduty')];
assert.ok(alertmanager && pagerduty);
const senders = [
  { name: 'am', source: alertmanager, auth: { kind: 'bearer', secrets: [TOKEN] } },
  { name: 'open', source: alertmanager, auth: { kind: 'none' } },
  { name: 'pd', source: pagerduty, auth: { kind: 'bearer', secrets: ['the-token-of-the-sender-pd'] } },
] as const;

/** Sent as it stands: an URL object, and `fetch` with it, would tidy it up first. */
async function ask(url: string, path: string, headers: Record<string, string | string[]>): Promise<number> {
  const { hostname, port } = new URL(url);
  const type = { 'content-type': 'application/json' };
  const sent = request({ method: 'POST', hostname, port, path, headers: { ...type, ...headers } });
  sent.end(GOOD);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode ?? 0;
}

/** What each is answered with the token of `am`; without it only 202 becomes another answer, 401. */
const CASES: readonly (readonly [path: string, expected: number])[] = [
  ['/in/am', 202],
  ['/in/am?', 202],
  ['/in/am?sender=open', 202],
  ['/in/am?/in/open', 202],
  ['/in/%61m', 202],
  ['/%69n/am', 202],
  ['/in/am#/in/open', 202],
  ['http://open/in/am', 202],
  ['http://open/in/open/../am', 404],
  ['in/am', 400],
  ['/in/%2561m', 404],
  ['/in/AM', 404],
  ['/in/Am', 404],
  ['/IN/am', 404],
  ['/in/am/', 404],
  ['/in/am//', 404],
  ['//in/am', 404],
  ['/in//am', 404],
  ['/in/./am', 404],
  ['/in/../in/am', 404],
  ['/in/open/../am', 404],
  ['/in/open/..;/am', 404],
  ['/in/am/..;/open', 404],
  ['/in/am/../open', 404],
  ['/in/am/%2e%2e/open', 404],
  ['/in/am%2f..%2fopen', 404],
  ['/in/am%2F..%2Fopen', 404],
  ['/in/open%2f..%2fam', 404],
  ['/in/open/..%2fam', 404],
  ['/in/am%2f', 404],
  ['/in/am%5c..%5copen', 404],
  ['/in/am\\..\\open', 404],
  ['/in%2fam', 404],
  ['/in/am;x=1', 404],
  ['/in/am;/open', 404],
  ['/in/;am', 404],
  ['/in/am%3b', 404],
  ['/in/am%3fopen', 404],
  ['/in/am%23open', 404],
  ['/in/am%00', 404],
  ['/in/am%00open', 404],
  ['/in/am%20', 404],
  ['/in/%20am', 404],
  ['/in/am.', 404],
  ['/in/am.json', 404],
  ['/in/am%0d%0a', 404],
  ['/in/am,open', 404],
  ['/in/a%cc%88m', 404],
  ['/in/%ef%bd%81m', 404],
  ['/in/__proto__', 404],
  ['/in/constructor', 404],
  ['/in/', 404],
  ['/in', 404],
  ['/in/am/v2/enqueue', 404],
  ['/in/open/v2/enqueue', 404],
  ['/in/pd%2fv2%2fenqueue', 404],
  ['/in/pd//v2/enqueue', 404],
  ['/in/pd/v2//enqueue', 404],
  ['/in/pd/V2/enqueue', 404],
  ['/in/pd/v2/enqueue/', 404],
  ['/in/am/..;/pd/v2/enqueue', 404],
  ['/in/%c0%afam', 400],
  ['/in/%zz', 400],
];

describe('addresses of a sender', () => {
  for (const [path, expected] of CASES)
    it(`${path} is ${expected}, and 202 for nobody without the token`, async (t) => {
      const log = recordingLog();
      const from: string[] = [];
      const { url } = await startIntake(t, log, { senders, onStored: ({ sender }) => void from.push(sender) });
      assert.equal(await ask(url, path, {}), expected === 202 ? 401 : expected);
      assert.deepEqual(log.stored, []);
      assert.equal(await ask(url, path, { authorization: `Bearer ${TOKEN}` }), expected);
      assert.deepEqual(from, expected === 202 ? ['am'] : []);
      assert.equal(log.events(), from.length);
    });

  it('a token is for one sender, and counts only where it belongs', async (t) => {
    const log = recordingLog();
    const { url } = await startIntake(t, log, { senders });
    const authorization = `Bearer ${TOKEN}`;
    assert.equal(await ask(url, '/in/pd', { authorization }), 401);
    assert.equal(await ask(url, `/in/am?authorization=${encodeURIComponent(authorization)}`, {}), 401);
    assert.equal(await ask(url, `/in/am?access_token=${TOKEN}`, {}), 401);
    assert.equal(await ask(url, '/in/am', { cookie: `authorization=${authorization}` }), 401);
    assert.equal(await ask(url, '/in/am', { authorization: ['Bearer another-token', authorization] }), 401);
    assert.deepEqual(log.stored, []);
  });

  for (const name of ['x-original-url', 'x-rewrite-url', 'x-forwarded-path', 'x-http-method-override'])
    it(`the header ${name} leads nowhere else`, async (t) => {
      const log = recordingLog();
      const { url } = await startIntake(t, log, { senders });
      assert.equal(await ask(url, '/in/am', { [name]: '/in/open' }), 401);
      assert.deepEqual(log.stored, []);
    });
});
