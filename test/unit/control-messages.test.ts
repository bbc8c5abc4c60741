/** What senders send about the delivery itself (a ping, a test, a subscription): taken when it is theirs, and nothing is stored. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Auth, SignatureScheme } from '../../triggers/intake/auth.ts';
import { sources } from '../../triggers/sources/index.ts';
import { startIntake } from '../support/intake.ts';
import { WHILE_VALID, selfSigned } from '../support/pem-pairs.ts';
import { recordingLog } from '../support/recording-log.ts';
import { type Headers, jsonBytes, signedHeaders, signedSns } from '../support/signed-requests.ts';

const SECRET = 'a-secret-of-both-sides';
const OTHER = 'a-secret-of-somebody-else';

const sender = (scheme: SignatureScheme, auth: Auth = { kind: 'signature', scheme, secrets: [SECRET] }) => ({
  name: scheme,
  source: sources.get(scheme) ?? assert.fail(scheme),
  auth,
});

const testAlert = {
  status: 'firing',
  labels: { alertname: 'TestAlert', instance: 'Grafana' },
  annotations: { summary: 'Notification test' },
  startsAt: WHILE_VALID.toISOString(),
  endsAt: '0001-01-01T00:00:00Z',
  fingerprint: '57c6d9296de2ad39',
};
const ping = { zen: 'Keep it simple.', hook_id: 1, hook: { type: 'Repository', id: 1, events: ['push'] } };

const CASES: readonly (readonly [string, keyof typeof signedHeaders, unknown, Headers, number])[] = [
  ['ping', 'github', ping, { 'x-github-event': 'ping', 'x-github-delivery': 'd-1' }, 200],
  ['ping without the name of the event', 'github', ping, {}, 200],
  [
    'ping of the page "Send test event"',
    'pagerduty',
    {
      event: {
        id: 'E1',
        event_type: 'pagey.ping',
        resource_type: 'pagey',
        occurred_at: WHILE_VALID.toISOString(),
        data: { message: 'Hello from your friend Pagey!', type: 'ping' },
      },
    },
    {},
    202,
  ],
  [
    'test of a contact point',
    'grafana',
    { receiver: 'test', status: 'firing', orgId: 1, version: '1', state: 'alerting', alerts: [testAlert] },
    {},
    200,
  ],
  [
    'test of a channel of Grafana before 9',
    'grafana',
    {
      ruleId: 0,
      ruleName: 'Test notification',
      state: 'alerting',
      title: '[Alerting] Test notification',
      message: 'Someone is testing the alert notification within Grafana.',
      evalMatches: [],
    },
    {},
    200,
  ],
];

describe('a message about the delivery itself', () => {
  for (const [why, kind, content, about, expected] of CASES)
    it(`${kind}: a ${why} is ${expected} and stores nothing; of somebody else it is 401`, async (t) => {
      const log = recordingLog();
      const { post } = await startIntake(t, log, { senders: [sender(kind)] });
      const raw = jsonBytes(content);
      const { status, body } = await post(kind, raw, { ...about, ...signedHeaders[kind](SECRET, raw) });
      assert.deepEqual([status, body], [expected, { ok: true }]);
      assert.equal((await post(kind, raw, { ...about, ...signedHeaders[kind](OTHER, raw) })).status, 401);
      assert.deepEqual(log.stored, []);
    });
});

describe('the subscription of a topic of SNS', () => {
  const [amazon, stranger] = [selfSigned('/CN=sns.amazonaws.com'), selfSigned('/CN=sns.amazonaws.com')];
  const TopicArn = 'arn:aws:sns:eu-west-1:111122223333:alerts';
  const SubscribeURL = `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TopicArn}&Token=t`;
  const asked = (changes: object = {}) => ({
    Type: 'SubscriptionConfirmation',
    MessageId: 'm-1',
    Token: 't',
    TopicArn,
    Message: 'You have chosen to subscribe to the topic.',
    SubscribeURL,
    Timestamp: WHILE_VALID.toISOString(),
    ...changes,
  });
  const auth: Auth = { kind: 'signature', scheme: 'aws-sns', secrets: [amazon.cert], topics: [TopicArn] };
  const headers = { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': 'SubscriptionConfirmation' };
  const byAmazon = (changes: object = {}) => signedSns(asked(changes), amazon.key);

  const MESSAGES: readonly (readonly [string, object, number, readonly string[]])[] = [
    ['signed, version 1', byAmazon({ SignatureVersion: '1' }), 200, [SubscribeURL]],
    ['signed, version 2', byAmazon(), 200, [SubscribeURL]],
    ['the end of one', byAmazon({ Type: 'UnsubscribeConfirmation' }), 200, []],
    ['signed, but not at Amazon', byAmazon({ SubscribeURL: 'https://evil.example/' }), 400, []],
    ['another address than signed', { ...byAmazon(), SubscribeURL: `${SubscribeURL}2` }, 401, []],
    ['another token than signed', { ...byAmazon(), Token: 'u' }, 401, []],
    ['an end made a beginning', { ...byAmazon({ Type: 'UnsubscribeConfirmation' }), Type: asked().Type }, 401, []],
    ['signed by another', signedSns(asked(), stranger.key), 401, []],
    ['not signed', asked(), 401, []],
    ['of another topic', byAmazon({ TopicArn: `${TopicArn}-2` }), 401, []],
  ];
  for (const [why, message, expected, confirmed] of MESSAGES)
    it(`${why}: ${expected}, ${confirmed.length === 0 ? 'nothing' : 'its address'} is asked for`, async (t) => {
      const log = recordingLog();
      const fetched: string[] = [];
      const confirm = (url: string): Promise<void> => Promise.resolve(void fetched.push(url));
      const senders = [sender('aws-sns', auth)];
      const { post } = await startIntake(t, log, { senders, confirm, now: () => WHILE_VALID.getTime() });
      assert.equal((await post('aws-sns', jsonBytes(message), headers)).status, expected);
      assert.deepEqual([fetched, log.stored], [confirmed, []]);
    });
});
