/** Who is let in, seen from outside: every way to prove a sender, right and wrong, each as a request to a real intake. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';
import { dependsOnTime } from '../../triggers/intake/seen.ts';
import { type Auth, assertAuth } from '../../triggers/intake/auth.ts';
import { fetchedKeys, pinnedKeys } from '../../triggers/intake/oidc.ts';
import { createSnsCertificates } from '../../triggers/intake/signatures/sns-certificates.ts';
import { sources } from '../../triggers/sources/index.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { send, startIntake } from '../support/intake.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { WHILE_VALID, selfSigned } from '../support/pem-pairs.ts';
import { recordingLog } from '../support/recording-log.ts';
import { type Headers, flipped, hmacHex, jsonBytes, signedHeaders, signedSns } from '../support/signed-requests.ts';

const [OLD, NEW, OTHER] = ['the-key-before-rotation', 'the-key-after-rotation', 'a-key-of-somebody-else'];
/** Blanks and a letter beyond ASCII: whoever reads and writes it anew gets other bytes. */
const BODY = Buffer.from(JSON.stringify(alertmanagerPayload('firing', { service: 'é' }), null, 1));
const FLIPPED = flipped(BODY, 2);
const secrets = [NEW, OLD];

const bearer: Auth = { kind: 'bearer', secrets };
const basic: Auth = { kind: 'basic', user: 'alice', secrets };
const github: Auth = { kind: 'signature', scheme: 'github', secrets };
const sentry: Auth = { kind: 'signature', scheme: 'sentry', secrets };
const standard: Auth = { kind: 'signature', scheme: 'standard-webhooks', secrets };
const pagerduty: Auth = { kind: 'signature', scheme: 'pagerduty', secrets };
const grafana: Auth = { kind: 'signature', scheme: 'grafana', secrets };
const routing: Auth = { kind: 'routing-key', secrets };

const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:alerts';
const AMAZON = 'https://sns.eu-west-1.amazonaws.com/';
const [amazon, stranger] = [selfSigned('/CN=sns.amazonaws.com'), selfSigned('/CN=sns.amazonaws.com')];
const sns: Auth = { kind: 'signature', scheme: 'aws-sns', secrets: [amazon.cert], topics: [TOPIC] };
const snsFetched = (fetch: () => Promise<Response>): Auth => ({
  ...sns,
  secrets: [],
  certificates: createSnsCertificates({ fetch }),
});
const snsThere = snsFetched(() => Promise.resolve(new Response(amazon.cert)));
const snsAway = snsFetched(() => Promise.reject(new TypeError('away')));

const CLAIMS = {
  iss: 'https://accounts.google.com',
  aud: 'https://tocsin.example/in/gcp',
  email: 'push@project.iam.gserviceaccount.com',
  email_verified: true,
  iat: WHILE_VALID.getTime() / 1_000,
  exp: WHILE_VALID.getTime() / 1_000 + 3_600,
};
const [google, forger] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')];
const oidc: Auth = {
  kind: 'oidc',
  issuer: CLAIMS.iss,
  audience: CLAIMS.aud,
  emails: [CLAIMS.email],
  keys: pinnedKeys(JSON.stringify({ keys: [{ ...(await exportJWK(google.publicKey)), kid: 'one', alg: 'RS256' }] })),
};
/** Nobody listens there. */
const oidcAway: Auth = { ...oidc, keys: fetchedKeys(`http://127.0.0.1:${await freePort()}/certs`) };

const sender = (name: string, kind: string, auth: Auth) => ({
  name,
  source: sources.get(kind) ?? assert.fail(kind),
  auth,
});
const SENDERS = [
  sender('bearer', 'alertmanager', bearer),
  sender('basic', 'alertmanager', basic),
  sender('github', 'alertmanager', github),
  sender('sentry', 'alertmanager', sentry),
  sender('standard-webhooks', 'alertmanager', standard),
  sender('pagerduty', 'alertmanager', pagerduty),
  sender('grafana', 'alertmanager', grafana),
  sender('routing', 'pagerduty', routing),
  sender('sns', 'aws-sns', sns),
  sender('sns-there', 'aws-sns', snsThere),
  sender('sns-away', 'aws-sns', snsAway),
  sender('oidc', 'alertmanager', oidc),
  sender('oidc-away', 'alertmanager', oidcAway),
];

const at = (host: string) => ({ host, clientCertificates: false });
const hex = (secret: string, content: Uint8Array = BODY): string => hmacHex(secret, content);
const authorization = (text: string): Headers => ({ authorization: text });
const basicPair = (pair: string): Headers => authorization(`Basic ${Buffer.from(pair).toString('base64')}`);
const hub = (text: string): Headers => ({ 'x-hub-signature-256': text });
const hook = (text: string): Headers => ({ 'sentry-hook-signature': text });
const duty = (text: string): Headers => ({ 'x-pagerduty-signature': text });
const seconds = (offset: number): string => String(WHILE_VALID.getTime() / 1_000 + offset);
const iso = (offset: number): string => new Date(WHILE_VALID.getTime() + offset * 1_000).toISOString();

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

/** `shown`: the time in the header, where it is not the signed one. */
const timed = (secret: string, signed: string, shown = signed): Headers => ({
  'x-grafana-alerting-timestamp': shown,
  'x-grafana-alerting-signature': hex(secret, Buffer.concat([Buffer.from(`${signed}:`), BODY])),
});

const NOTIFICATION = {
  Type: 'Notification',
  MessageId: 'm-1',
  TopicArn: TOPIC,
  Subject: 'disk',
  Message: 'disk full',
  Timestamp: iso(0),
  SigningCertURL: `${AMAZON}SimpleNotificationService-6aad65c2.pem`,
};
const CONFIRMATION = { ...NOTIFICATION, Type: 'SubscriptionConfirmation', Token: 't', SubscribeURL: AMAZON };
/** `after`: what is changed once it is signed. */
const notified = (changes: object = {}, after: object = {}, { key } = amazon): Buffer =>
  jsonBytes({ ...signedSns({ ...NOTIFICATION, ...changes }, key), ...after });
const confirms = (after: object = {}): Buffer => jsonBytes({ ...signedSns(CONFIRMATION, amazon.key), ...after });

const pushed = async (changes: object = {}, { privateKey } = google): Promise<Headers> =>
  authorization(
    `Bearer ${await new SignJWT({ ...CLAIMS, ...changes }).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(privateKey)}`,
  );

const payload = { summary: 'disk is full', source: 'db-1', severity: 'critical' };
const enqueued = (changes: object = {}): Buffer =>
  jsonBytes({ event_action: 'trigger', dedup_key: 'disk', payload, ...changes });
const V2 = '/v2/enqueue';
const V1 = '/generic/2010-04-15/create_event.json';

const without = (headers: Headers, name: string): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));

/** What is asserted beside the status. PagerDuty's own answer to its clients (400) has no reason in this form. */
const REASONS: Readonly<Record<number, string>> = { 401: 'not-authenticated', 503: 'cannot-authenticate' };

/**
 * Authentication, what the request carries, what it is answered; the body is the signed one unless another is given, the address that of
 * the sender and what is behind it.
 */
const CASES: readonly (readonly [string, Auth, Headers, 200 | 202 | 400 | 401 | 503, Uint8Array?, string?])[] = [
  ['bearer: the new token', bearer, authorization(`Bearer ${NEW}`), 202],
  ['bearer: the old token', bearer, authorization(`Bearer ${OLD}`), 202],
  ['bearer: the scheme in another case', bearer, authorization(`bearer ${NEW}`), 202],
  ['bearer: two spaces', bearer, authorization(`Bearer  ${NEW}`), 202],
  ['bearer: another token', bearer, authorization(`Bearer ${OTHER}`), 401],
  ['bearer: a token and more', bearer, authorization(`Bearer ${NEW}x`), 401],
  ['bearer: the start of a token', bearer, authorization(`Bearer ${NEW.slice(0, -1)}`), 401],
  ['bearer: the token in another case', bearer, authorization(`Bearer ${NEW.toUpperCase()}`), 401],
  ['bearer: nothing behind the scheme', bearer, authorization('Bearer '), 401],
  ['bearer: the scheme alone', bearer, authorization('Bearer'), 401],
  ['bearer: the word nothing', bearer, authorization('Bearer nothing'), 401],
  ['bearer: the word undefined', bearer, authorization('Bearer undefined'), 401],
  ['bearer: no scheme', bearer, authorization(NEW), 401],
  ['bearer: another scheme', bearer, authorization(`Token ${NEW}`), 401],
  ['bearer: two tokens', bearer, authorization(`Bearer ${OTHER} ${NEW}`), 401],
  ['bearer: a list', bearer, authorization(`Bearer ${OTHER}, Bearer ${NEW}`), 401],
  ['bearer: an empty header', bearer, authorization(''), 401],
  ['bearer: no header', bearer, {}, 401],
  ['bearer: in another header', bearer, { 'x-authorization': `Bearer ${NEW}` }, 401],
  ['bearer: as basic', bearer, basicPair(`alice:${NEW}`), 401],

  ['basic: the new password', basic, basicPair(`alice:${NEW}`), 202],
  ['basic: the old password', basic, basicPair(`alice:${OLD}`), 202],
  ['basic: another password', basic, basicPair(`alice:${OTHER}`), 401],
  ['basic: another user', basic, basicPair(`bob:${NEW}`), 401],
  ['basic: the user in another case', basic, basicPair(`Alice:${NEW}`), 401],
  ['basic: no user', basic, basicPair(`:${NEW}`), 401],
  ['basic: no password', basic, basicPair('alice:'), 401],
  ['basic: no colon', basic, basicPair(`alice${NEW}`), 401],
  ['basic: one colon more', basic, basicPair(`alice::${NEW}`), 401],
  ['basic: a space behind', basic, basicPair(`alice:${NEW} `), 401],
  ['basic: not base64', basic, authorization('Basic !!!'), 401],
  ['basic: nothing behind the scheme', basic, authorization('Basic '), 401],
  ['basic: as bearer', basic, authorization(`Bearer ${NEW}`), 401],
  ['basic: no header', basic, {}, 401],

  ['github: the new key', github, hub(`sha256=${hex(NEW)}`), 202],
  ['github: the old key', github, hub(`sha256=${hex(OLD)}`), 202],
  ['github: capital digits', github, hub(`sha256=${hex(NEW).toUpperCase()}`), 202],
  ['github: another key', github, hub(`sha256=${hex(OTHER)}`), 401],
  ['github: a flipped bit in the body', github, hub(`sha256=${hex(NEW)}`), 401, FLIPPED],
  [
    'github: the body written anew',
    github,
    hub(`sha256=${hex(NEW)}`),
    401,
    Buffer.from(JSON.stringify(JSON.parse(BODY.toString()))),
  ],
  [
    'github: one byte more in the body',
    github,
    hub(`sha256=${hex(NEW)}`),
    401,
    Buffer.concat([BODY, Buffer.from(' ')]),
  ],
  ['github: no body', github, hub(`sha256=${hex(NEW)}`), 401, Buffer.alloc(0)],
  ['github: no prefix', github, hub(hex(NEW)), 401],
  [
    'github: the old algorithm',
    github,
    { 'x-hub-signature': `sha1=${createHmac('sha1', NEW).update(BODY).digest('hex')}` },
    401,
  ],
  ['github: the wrong algorithm by name', github, hub(`sha1=${hex(NEW)}`), 401],
  ['github: too short', github, hub(`sha256=${hex(NEW).slice(2)}`), 401],
  ['github: too long', github, hub(`sha256=${hex(NEW)}00`), 401],
  ['github: not hexadecimal', github, hub(`sha256=${'z'.repeat(64)}`), 401],
  ['github: all zeros', github, hub(`sha256=${'0'.repeat(64)}`), 401],
  ['github: empty', github, hub(''), 401],
  ['github: no header', github, {}, 401],

  ['sentry: the new key', sentry, hook(hex(NEW)), 202],
  ['sentry: the old key', sentry, hook(hex(OLD)), 202],
  ['sentry: another key', sentry, hook(hex(OTHER)), 401],
  ['sentry: a flipped bit in the body', sentry, hook(hex(NEW)), 401, FLIPPED],
  ['sentry: with a prefix', sentry, hook(`sha256=${hex(NEW)}`), 401],
  ['sentry: too short', sentry, hook(hex(NEW).slice(1)), 401],
  ['sentry: no header', sentry, {}, 401],

  ['standard webhooks: the new key', standard, webhook(NEW), 202],
  ['standard webhooks: the old key', standard, webhook(OLD), 202],
  [
    'standard webhooks: one of two signatures',
    standard,
    { ...webhook(NEW), 'webhook-signature': `v1,AAAA ${webhook(NEW)['webhook-signature']}` },
    202,
  ],
  ['standard webhooks: just young enough', standard, webhook(NEW, { at: seconds(-299) }), 202],
  ['standard webhooks: just not too far ahead', standard, webhook(NEW, { at: seconds(299) }), 202],
  ['standard webhooks: too old', standard, webhook(NEW, { at: seconds(-301) }), 401],
  ['standard webhooks: too far ahead', standard, webhook(NEW, { at: seconds(301) }), 401],
  ['standard webhooks: no number as time', standard, webhook(NEW, { at: 'now' }), 401],
  ['standard webhooks: a negative time', standard, webhook(NEW, { at: '-1' }), 401],
  ['standard webhooks: another id', standard, webhook(NEW, { id: 'msg_2' }), 401],
  ['standard webhooks: another body', standard, webhook(NEW, { signed: FLIPPED }), 401],
  ['standard webhooks: another version', standard, webhook(NEW, { version: 'v2' }), 401],
  ['standard webhooks: another key', standard, webhook(OTHER), 401],
  ['standard webhooks: no id', standard, without(webhook(NEW), 'webhook-id'), 401],
  ['standard webhooks: no time', standard, without(webhook(NEW), 'webhook-timestamp'), 401],
  ['standard webhooks: no signature', standard, without(webhook(NEW), 'webhook-signature'), 401],

  ['pagerduty: the new key', pagerduty, signedHeaders.pagerduty(NEW, BODY), 202],
  ['pagerduty: the old key', pagerduty, signedHeaders.pagerduty(OLD, BODY), 202],
  ['pagerduty: ours behind another', pagerduty, duty(`v1=${hex(OTHER)},v1=${hex(NEW)}`), 202],
  ['pagerduty: another key', pagerduty, duty(`v1=${hex(OTHER)}`), 401],
  ['pagerduty: two other keys', pagerduty, duty(`v1=${hex(OTHER)},v1=${hex(OTHER)}`), 401],
  ['pagerduty: a flipped bit in the body', pagerduty, duty(`v1=${hex(NEW)}`), 401, FLIPPED],
  ['pagerduty: another version', pagerduty, duty(`v2=${hex(NEW)}`), 401],
  ['pagerduty: no version', pagerduty, duty(hex(NEW)), 401],
  ['pagerduty: too short', pagerduty, duty(`v1=${hex(NEW).slice(2)}`), 401],
  ['pagerduty: empty', pagerduty, duty(''), 401],
  ['pagerduty: no header', pagerduty, {}, 401],
  ['pagerduty: as GitHub signs', pagerduty, hub(`sha256=${hex(NEW)}`), 401],

  ['grafana: the new key', grafana, signedHeaders.grafana(NEW, BODY), 202],
  ['grafana: the old key', grafana, signedHeaders.grafana(OLD, BODY), 202],
  ['grafana: the new key and a time', grafana, timed(NEW, seconds(0)), 202],
  ['grafana: the old key and a time', grafana, timed(OLD, seconds(0)), 202],
  ['grafana: just young enough', grafana, timed(NEW, seconds(-299)), 202],
  ['grafana: too old', grafana, timed(NEW, seconds(-301)), 401],
  ['grafana: too far ahead', grafana, timed(NEW, seconds(301)), 401],
  ['grafana: an old signature under a new time', grafana, timed(NEW, seconds(-301), seconds(0)), 401],
  [
    'grafana: a time that is not signed',
    grafana,
    { ...signedHeaders.grafana(NEW, BODY), 'x-grafana-alerting-timestamp': seconds(0) },
    401,
  ],
  [
    'grafana: the time moved into the body',
    grafana,
    without(timed(NEW, seconds(0)), 'x-grafana-alerting-timestamp'),
    401,
    Buffer.concat([Buffer.from(`${seconds(0)}:`), BODY]),
  ],
  ['grafana: another key', grafana, signedHeaders.grafana(OTHER, BODY), 401],
  ['grafana: a flipped bit in the body', grafana, signedHeaders.grafana(NEW, BODY), 401, FLIPPED],
  ['grafana: a flipped bit under a time', grafana, timed(NEW, seconds(0)), 401, FLIPPED],
  ['grafana: no header', grafana, {}, 401],

  ['routing key: the new one', routing, {}, 202, enqueued({ routing_key: NEW }), V2],
  ['routing key: the old one', routing, {}, 202, enqueued({ routing_key: OLD }), V2],
  ['routing key: in the header', routing, { 'x-routing-key': NEW }, 202, enqueued(), V2],
  ['routing key: at the plain address', routing, {}, 202, enqueued({ routing_key: NEW })],
  ['routing key: another', routing, {}, 400, enqueued({ routing_key: OTHER }), V2],
  [
    'routing key: a wrong one before the header',
    routing,
    { 'x-routing-key': NEW },
    400,
    enqueued({ routing_key: OTHER }),
    V2,
  ],
  ['routing key: none', routing, {}, 400, enqueued(), V2],
  ['routing key: the start of one', routing, {}, 400, enqueued({ routing_key: NEW.slice(0, -1) }), V2],
  ['routing key: no text', routing, {}, 400, enqueued({ routing_key: [NEW] }), V2],
  ['routing key: as a token', routing, authorization(`Bearer ${NEW}`), 400, enqueued(), V2],
  ['routing key: another of v1', routing, {}, 400, enqueued({ service_key: OTHER }), V1],
  ['routing key: another at the plain address', routing, {}, 401, enqueued({ routing_key: OTHER })],
  ['routing key: no body', routing, {}, 401, Buffer.alloc(0)],

  ['sns: version 1', sns, {}, 202, notified({ SignatureVersion: '1' })],
  ['sns: version 2', sns, {}, 202, notified()],
  ['sns: almost two hours old', sns, {}, 202, notified({ Timestamp: iso(-7_199) })],
  ['sns: a confirmation', sns, {}, 200, confirms()],
  ['sns: another message, version 1', sns, {}, 401, notified({ SignatureVersion: '1' }, { Message: 'disk empty' })],
  ['sns: another message, version 2', sns, {}, 401, notified({}, { Message: 'disk empty' })],
  ['sns: another subject', sns, {}, 401, notified({}, { Subject: 'all is well' })],
  ['sns: another id', sns, {}, 401, notified({}, { MessageId: 'm-2' })],
  ['sns: another time', sns, {}, 401, notified({}, { Timestamp: iso(1) })],
  ['sns: another version than signed', sns, {}, 401, notified({ SignatureVersion: '1' }, { SignatureVersion: '2' })],
  ['sns: an unknown version', sns, {}, 401, notified({}, { SignatureVersion: '3' })],
  ['sns: another key', sns, {}, 401, notified({}, {}, stranger)],
  ['sns: the topic of another customer', sns, {}, 401, notified({ TopicArn: `${TOPIC}-2` })],
  ['sns: too old', sns, {}, 401, notified({ Timestamp: iso(-7_201) })],
  ['sns: too far ahead', sns, {}, 401, notified({ Timestamp: iso(301) })],
  ['sns: no signature', sns, {}, 401, notified({}, { Signature: undefined })],
  ['sns: raw delivery', sns, { 'x-amz-sns-rawdelivery': 'true' }, 401, Buffer.from('disk full')],
  ['sns: a confirmation that leads elsewhere', sns, {}, 401, confirms({ SubscribeURL: `${AMAZON}?x` })],
  ['sns: a confirmation that nobody signed', sns, {}, 401, jsonBytes(CONFIRMATION)],
  ['sns: no body', sns, {}, 401, Buffer.alloc(0)],
  ['sns: the certificate is fetched', snsThere, {}, 202, notified()],
  ['sns: another key than that of the certificate', snsThere, {}, 401, notified({}, {}, stranger)],
  ['sns: another message than the certificate signed', snsThere, {}, 401, notified({}, { Message: 'disk empty' })],
  ['sns: the certificate cannot be fetched', snsAway, {}, 503, notified()],
  [
    'sns: the certificate of another host',
    snsAway,
    {},
    401,
    notified({ SigningCertURL: 'https://evil.example/x.pem' }),
  ],
  ['sns: no certificate is fetched for the topic of another', snsAway, {}, 401, notified({ TopicArn: `${TOPIC}-2` })],

  ['oidc: the push of the service account', oidc, await pushed(), 202],
  ['oidc: another audience', oidc, await pushed({ aud: 'https://elsewhere.example' }), 401],
  ['oidc: another issuer', oidc, await pushed({ iss: 'https://accounts.example' }), 401],
  ['oidc: another account', oidc, await pushed({ email: 'me@gmail.com' }), 401],
  ['oidc: an account that is not verified', oidc, await pushed({ email_verified: false }), 401],
  ['oidc: expired', oidc, await pushed({ exp: CLAIMS.iat - 61 }), 401],
  ['oidc: issued ahead', oidc, await pushed({ iat: CLAIMS.iat + 61 }), 401],
  ['oidc: another key', oidc, await pushed({}, forger), 401],
  ['oidc: not signed', oidc, authorization(`Bearer ${new UnsecuredJWT(CLAIMS).encode()}`), 401],
  ['oidc: no token', oidc, authorization('Bearer a.b.c'), 401],
  ['oidc: no header', oidc, {}, 401],
  ['oidc: keys cannot be fetched', oidcAway, await pushed(), 503],
  ['oidc: no header, keys cannot be fetched', oidcAway, {}, 401],
];

describe('authentication', () => {
  for (const [name, auth, headers, expected, raw = BODY, path = ''] of CASES)
    it(`${name}: ${expected}`, async (t) => {
      const log = recordingLog();
      const { url } = await startIntake(t, log, { senders: SENDERS, now: () => WHILE_VALID.getTime() });
      const asked = SENDERS.find((each) => each.auth === auth) ?? assert.fail('of no sender');
      const answer = await send(`${url}/in/${asked.name}${path}`, { body: raw, headers });
      assert.equal(answer.status, expected);
      assert.equal(answer.body.error?.reason, REASONS[expected]);
      assert.equal(answer.headers.has('retry-after'), expected === 503);
      if (expected === 202) assert.equal(log.events(), 1);
      else assert.deepEqual(log.stored, []);
    });

  it('what a wrong clock may have refused is to come again while the time is in doubt, and nothing else', async (t) => {
    const doubtful = { now: () => WHILE_VALID.getTime(), clockDoubt: () => 'the clock of this host is 60 min behind' };
    const { url } = await startIntake(t, recordingLog(), { senders: SENDERS, ...doubtful });
    const refused = CASES.filter(([name, , , expected]) => expected === 401 && !name.startsWith('sns: raw'));
    for (const [name, auth, headers, , raw = BODY, path = ''] of refused) {
      const asked = SENDERS.find((each) => each.auth === auth) ?? assert.fail('of no sender');
      const { status, body } = await send(`${url}/in/${asked.name}${path}`, { body: raw, headers });
      const [expected, reason] = dependsOnTime(auth, headers) ? [503, 'clock-in-doubt'] : [401, REASONS[401]];
      assert.deepEqual([name, status, body.error?.reason], [name, expected, reason]);
    }
    assert.ok(refused.some(([, auth, headers]) => dependsOnTime(auth, headers)));
  });

  it('there are at least sixty cases, and some for every sender', () => {
    assert.ok(CASES.length >= 60, String(CASES.length));
    for (const { name, auth } of SENDERS)
      assert.ok(
        CASES.some((row) => row[1] === auth),
        name,
      );
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
