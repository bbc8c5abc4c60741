import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { type Auth, assertAuth, isAllowed } from '../../triggers/intake/auth.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const [OLD, NEW, OTHER] = ['the-key-before-rotation', 'the-key-after-rotation', 'a-key-of-somebody-else'];
const BODY = Buffer.from('{"a": 1,  "b":"é"}');
const secrets = [NEW, OLD];

const bearer: Auth = { kind: 'bearer', secrets };
const basic: Auth = { kind: 'basic', user: 'alice', secrets };
const github: Auth = { kind: 'signature', scheme: 'github', secrets };
const sentry: Auth = { kind: 'signature', scheme: 'sentry', secrets };
const standard: Auth = { kind: 'signature', scheme: 'standard-webhooks', secrets };

const at = (host: string) => ({ host, clientCertificates: false });
type Headers = Record<string, string>;
const hex = (secret: string, content: Uint8Array = BODY): string =>
  createHmac('sha256', secret).update(content).digest('hex');
const authorization = (text: string): Headers => ({ authorization: text });
const basicPair = (pair: string): Headers => authorization(`Basic ${Buffer.from(pair).toString('base64')}`);
const hub = (text: string): Headers => ({ 'x-hub-signature-256': text });
const hook = (text: string): Headers => ({ 'sentry-hook-signature': text });
const seconds = (offset: number): string => String(NOW.getTime() / 1_000 + offset);

function webhook(
  secret: string,
  change: { id?: string; at?: string; version?: string; signed?: Uint8Array } = {},
): Headers {
  const { id = 'msg_1', at = seconds(0), version = 'v1', signed = BODY } = change;
  const mac = createHmac('sha256', secret)
    .update(Buffer.concat([Buffer.from(`msg_1.${at}.`), signed]))
    .digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': `${version},${mac}` };
}
const without = (headers: Headers, name: string): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
const flipped = Buffer.from(BODY);
flipped[2] = (flipped[2] ?? 0) ^ 1;

/** Authentication, what the request carries, whether it may pass; the body is the signed one unless another is given. */
const CASES: readonly (readonly [string, Auth, Headers, boolean, Uint8Array?])[] = [
  ['bearer: the new token', bearer, authorization(`Bearer ${NEW}`), true],
  ['bearer: the old token', bearer, authorization(`Bearer ${OLD}`), true],
  ['bearer: the scheme in another case', bearer, authorization(`bearer ${NEW}`), true],
  ['bearer: two spaces', bearer, authorization(`Bearer  ${NEW}`), true],
  ['bearer: another token', bearer, authorization(`Bearer ${OTHER}`), false],
  ['bearer: a token and more', bearer, authorization(`Bearer ${NEW}x`), false],
  ['bearer: the start of a token', bearer, authorization(`Bearer ${NEW.slice(0, -1)}`), false],
  ['bearer: the token in another case', bearer, authorization(`Bearer ${NEW.toUpperCase()}`), false],
  ['bearer: nothing behind the scheme', bearer, authorization('Bearer '), false],
  ['bearer: the scheme alone', bearer, authorization('Bearer'), false],
  ['bearer: the word nothing', bearer, authorization('Bearer nothing'), false],
  ['bearer: the word undefined', bearer, authorization('Bearer undefined'), false],
  ['bearer: no scheme', bearer, authorization(NEW), false],
  ['bearer: another scheme', bearer, authorization(`Token ${NEW}`), false],
  ['bearer: two tokens', bearer, authorization(`Bearer ${OTHER} ${NEW}`), false],
  ['bearer: a list', bearer, authorization(`Bearer ${OTHER}, Bearer ${NEW}`), false],
  ['bearer: an empty header', bearer, authorization(''), false],
  ['bearer: no header', bearer, {}, false],
  ['bearer: in another header', bearer, { 'x-authorization': `Bearer ${NEW}` }, false],
  ['bearer: as basic', bearer, basicPair(`alice:${NEW}`), false],

  ['basic: the new password', basic, basicPair(`alice:${NEW}`), true],
  ['basic: the old password', basic, basicPair(`alice:${OLD}`), true],
  ['basic: another password', basic, basicPair(`alice:${OTHER}`), false],
  ['basic: another user', basic, basicPair(`bob:${NEW}`), false],
  ['basic: the user in another case', basic, basicPair(`Alice:${NEW}`), false],
  ['basic: no user', basic, basicPair(`:${NEW}`), false],
  ['basic: no password', basic, basicPair('alice:'), false],
  ['basic: no colon', basic, basicPair(`alice${NEW}`), false],
  ['basic: one colon more', basic, basicPair(`alice::${NEW}`), false],
  ['basic: a space behind', basic, basicPair(`alice:${NEW} `), false],
  ['basic: not base64', basic, authorization('Basic !!!'), false],
  ['basic: nothing behind the scheme', basic, authorization('Basic '), false],
  ['basic: as bearer', basic, authorization(`Bearer ${NEW}`), false],
  ['basic: no header', basic, {}, false],

  ['github: the new key', github, hub(`sha256=${hex(NEW)}`), true],
  ['github: the old key', github, hub(`sha256=${hex(OLD)}`), true],
  ['github: capital digits', github, hub(`sha256=${hex(NEW).toUpperCase()}`), true],
  ['github: another key', github, hub(`sha256=${hex(OTHER)}`), false],
  ['github: a flipped bit in the body', github, hub(`sha256=${hex(NEW)}`), false, flipped],
  [
    'github: the body written anew',
    github,
    hub(`sha256=${hex(NEW)}`),
    false,
    Buffer.from(JSON.stringify(JSON.parse(BODY.toString()))),
  ],
  [
    'github: one byte more in the body',
    github,
    hub(`sha256=${hex(NEW)}`),
    false,
    Buffer.concat([BODY, Buffer.from(' ')]),
  ],
  ['github: no body', github, hub(`sha256=${hex(NEW)}`), false, Buffer.alloc(0)],
  ['github: no prefix', github, hub(hex(NEW)), false],
  [
    'github: the old algorithm',
    github,
    { 'x-hub-signature': `sha1=${createHmac('sha1', NEW).update(BODY).digest('hex')}` },
    false,
  ],
  ['github: the wrong algorithm by name', github, hub(`sha1=${hex(NEW)}`), false],
  ['github: too short', github, hub(`sha256=${hex(NEW).slice(2)}`), false],
  ['github: too long', github, hub(`sha256=${hex(NEW)}00`), false],
  ['github: not hexadecimal', github, hub(`sha256=${'z'.repeat(64)}`), false],
  ['github: all zeros', github, hub(`sha256=${'0'.repeat(64)}`), false],
  ['github: empty', github, hub(''), false],
  ['github: no header', github, {}, false],

  ['sentry: the new key', sentry, hook(hex(NEW)), true],
  ['sentry: the old key', sentry, hook(hex(OLD)), true],
  ['sentry: another key', sentry, hook(hex(OTHER)), false],
  ['sentry: a flipped bit in the body', sentry, hook(hex(NEW)), false, flipped],
  ['sentry: with a prefix', sentry, hook(`sha256=${hex(NEW)}`), false],
  ['sentry: too short', sentry, hook(hex(NEW).slice(1)), false],
  ['sentry: no header', sentry, {}, false],

  ['standard webhooks: the new key', standard, webhook(NEW), true],
  ['standard webhooks: the old key', standard, webhook(OLD), true],
  [
    'standard webhooks: one of two signatures',
    standard,
    { ...webhook(NEW), 'webhook-signature': `v1,AAAA ${webhook(NEW)['webhook-signature']}` },
    true,
  ],
  ['standard webhooks: just young enough', standard, webhook(NEW, { at: seconds(-299) }), true],
  ['standard webhooks: just not too far ahead', standard, webhook(NEW, { at: seconds(299) }), true],
  ['standard webhooks: too old', standard, webhook(NEW, { at: seconds(-301) }), false],
  ['standard webhooks: too far ahead', standard, webhook(NEW, { at: seconds(301) }), false],
  ['standard webhooks: no number as time', standard, webhook(NEW, { at: 'now' }), false],
  ['standard webhooks: a negative time', standard, webhook(NEW, { at: '-1' }), false],
  ['standard webhooks: another id', standard, webhook(NEW, { id: 'msg_2' }), false],
  ['standard webhooks: another body', standard, webhook(NEW, { signed: flipped }), false],
  ['standard webhooks: another version', standard, webhook(NEW, { version: 'v2' }), false],
  ['standard webhooks: another key', standard, webhook(OTHER), false],
  ['standard webhooks: no id', standard, without(webhook(NEW), 'webhook-id'), false],
  ['standard webhooks: no time', standard, without(webhook(NEW), 'webhook-timestamp'), false],
  ['standard webhooks: no signature', standard, without(webhook(NEW), 'webhook-signature'), false],
];

describe('authentication', () => {
  for (const [name, auth, headers, passes, raw = BODY] of CASES)
    it(`${name}: ${passes ? 'passes' : 'is refused'}`, async () => {
      assert.equal(await isAllowed(auth, { headers, raw }, NOW), passes);
    });

  it('without authentication only loopback may listen', () => {
    for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost']) assertAuth('am', { kind: 'none' }, at(host));
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.example.com'])
      assert.throws(
        () => assertAuth('am', { kind: 'none' }, at(host)),
        /expected authentication, or a loopback address/,
      );
  });

  it('SNS needs the topics that may send: the certificate signs those of every customer', () => {
    const sns: Auth = { kind: 'signature', scheme: 'aws-sns', secrets };
    assert.throws(() => assertAuth('sns', sns, at('127.0.0.1')), /needs topics/);
    assert.throws(() => assertAuth('sns', { ...sns, topics: [] }, at('127.0.0.1')), /needs topics/);
    assertAuth('sns', { ...sns, topics: ['arn:aws:sns:eu-west-1:1:alarms'] }, at('127.0.0.1'));
  });

  it('an empty or short secret is none', () => {
    for (const kept of [[], [''], [NEW, ''], ['short']]) {
      assert.throws(
        () => assertAuth('am', { kind: 'bearer', secrets: kept }, at('127.0.0.1')),
        /needs one or two secrets/,
      );
      assert.throws(() => assertAuth('gh', { ...github, secrets: kept }, at('127.0.0.1')), /needs one or two secrets/);
    }
  });
});
