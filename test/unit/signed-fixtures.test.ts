/** Real payloads, signed here as their senders sign, through a real intake: what was changed on its way, or signed by another, is refused. */
import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { Auth } from '../../triggers/intake/auth.ts';
import { sources } from '../../triggers/sources/index.ts';
import { type Fixture, fixturesOf, needsFixtures } from '../support/fixtures.ts';
import { startIntake } from '../support/intake.ts';
import { WHILE_VALID, selfSigned } from '../support/pem-pairs.ts';
import { recordingLog } from '../support/recording-log.ts';
import { type Headers, flipped, jsonBytes, signedHeaders, signedSns } from '../support/signed-requests.ts';

const SECRET = 'a-secret-of-both-sides';
const OTHER = 'a-secret-of-somebody-else';
const knownTypes = new Set([
  'tocsin.event.github.deployment-status.created',
  'tocsin.event.github.workflow-run.completed',
]);

/** Kind of sender, kinds of payloads in the index, and how many events each payload holds. */
const SIGNED: readonly (readonly [keyof typeof signedHeaders, readonly string[], Readonly<Record<string, number>>])[] =
  [
    [
      'github',
      ['github'],
      {
        'code-scanning-alert-created__octokit-webhooks': 1,
        'deployment-status-no-action__octokit-webhooks': 1,
        'workflow-run-completed__octokit-webhooks': 1,
      },
    ],
    [
      'grafana',
      ['grafana', 'grafana-legacy'],
      {
        'unified-firing-pair__pytorch-alerting-infra': 1,
        'unified-v11-firing-1-values__zulip-zulip': 1,
        'unified-v8-firing-2-offset__zulip-zulip': 2,
        'alerting-with-tags__alerta-alerta': 1,
        'no-data-v7__zulip-zulip': 1,
      },
    ],
    [
      'pagerduty',
      ['pagerduty'],
      { 'v2-incident-trigger__pagerduty-go-pagerduty': 1, 'v3-incident-triggered__zulip-zulip': 1 },
    ],
    [
      'sentry',
      ['sentry'],
      {
        'event-alert-triggered__getsentry-integration-platform-example': 1,
        'issue-resolved__getsentry-integration-platform-example': 1,
        'metric-alert-critical__getsentry-integration-platform-example': 1,
        'metric-alert-warning__getsentry-integration-platform-example': 1,
      },
    ],
  ];

const nameOf = ({ file }: Fixture): string => file.replace(/^[a-z-]+__/, '').replace(/\.json$/, '');

/** Headers that tell what is in the body, which nothing signs. */
function metadata(kind: string, name: string): Headers {
  const [, event] = /^(code-scanning-alert|deployment-status|workflow-run)/.exec(name) ?? [];
  if (kind === 'github') return { 'x-github-event': String(event).replaceAll('-', '_'), 'x-github-delivery': name };
  const [, resource] = /^(event-alert|metric-alert|issue)/.exec(name) ?? [];
  return kind === 'sentry' ? { 'sentry-hook-resource': String(resource).replaceAll('-', '_') } : {};
}

async function intake(t: TestContext, kind: string, auth: Auth) {
  const log = recordingLog();
  const senders = [{ name: kind, source: sources.get(kind) ?? assert.fail(kind), auth }];
  const { post } = await startIntake(t, log, { senders, knownTypes, now: () => WHILE_VALID.getTime() });
  return { log, ask: async (raw: Buffer, headers: Headers = {}) => post(kind, raw, headers) };
}

describe('signed real payloads', needsFixtures, () => {
  for (const [kind, kinds, expected] of SIGNED)
    for (const payload of kinds.flatMap(fixturesOf)) {
      const name = nameOf(payload);
      const raw = Buffer.from(payload.raw);
      const about = metadata(kind, name);
      const signed = { ...about, ...signedHeaders[kind](SECRET, raw) };
      const auth: Auth = { kind: 'signature', scheme: kind, secrets: [SECRET] };

      it(`${kind}: ${name}`, async (t) => {
        const { log, ask } = await intake(t, kind, auth);
        const changed = flipped(raw, Math.floor(raw.length / 2));
        for (const [bytes, headers] of [
          [changed, signed],
          [raw, { ...about, ...signedHeaders[kind](OTHER, raw) }],
          [raw, about],
        ] as const)
          assert.equal((await ask(bytes, headers)).status, 401);
        assert.deepEqual(log.stored, []);
        const { status, body } = await ask(raw, signed);
        const events = expected[name] ?? assert.fail('a payload nobody has written an expectation for');
        assert.deepEqual([status, body.accepted, body.rejected, log.events()], [202, events, [], events]);
      });
    }
});

describe('signed real messages of SNS', needsFixtures, () => {
  const [amazon, stranger] = [selfSigned('/CN=sns.amazonaws.com'), selfSigned('/CN=sns.amazonaws.com')];
  /** What a payload has lost since it was recorded: a young time, and a signature. */
  const renewed = {
    Timestamp: WHILE_VALID.toISOString(),
    SigningCertURL: 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem',
  };
  const EXPECTED: Readonly<Record<string, readonly [status: number, events: number]>> = {
    'cloudwatch-alarm-ALARM-pair__pytorch-alerting-infra': [202, 1],
    'cloudwatch-alarm-INSUFFICIENT_DATA__alerta-alerta': [202, 1],
    // Nobody is refused for what Amazon has signed, but without a state it is no alarm.
    'cloudwatch-alarm-missing-state__pytorch-alerting-infra': [400, 0],
  };

  for (const payload of fixturesOf('aws-sns'))
    for (const SignatureVersion of ['1', '2']) {
      const name = nameOf(payload);
      it(`version ${SignatureVersion}: ${name}`, async (t) => {
        const envelope = {
          ...(JSON.parse(Buffer.from(payload.raw).toString()) as object),
          ...renewed,
          SignatureVersion,
        };
        const { TopicArn } = envelope as unknown as { readonly TopicArn: string };
        const auth: Auth = { kind: 'signature', scheme: 'aws-sns', secrets: [amazon.cert], topics: [TopicArn] };
        const { log, ask } = await intake(t, 'aws-sns', auth);
        const raw = jsonBytes(signedSns(envelope, amazon.key));
        const { Signature: _none, ...unsigned } = signedSns(envelope, amazon.key);
        for (const bytes of [
          flipped(raw, raw.indexOf('AlarmName')),
          jsonBytes(signedSns(envelope, stranger.key)),
          jsonBytes(unsigned),
          Buffer.from(payload.raw),
        ])
          assert.equal((await ask(bytes)).status, 401);
        assert.deepEqual(log.stored, []);
        const expected = EXPECTED[name] ?? assert.fail('a payload nobody has written an expectation for');
        // The media type that SNS sends, whatever is inside.
        const answer = await ask(raw, { 'content-type': 'text/plain; charset=UTF-8' });
        assert.deepEqual([answer.status, log.events()], expected);
      });
    }
});
