/** SNS asks to confirm a subscription: who is believed, what is fetched, what is told to the operator. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { Auth } from '../../triggers/intake/auth.ts';
import { sources } from '../../triggers/sources/index.ts';
import { startIntake } from '../support/intake.ts';

const storing = { publish: () => Promise.reject(new Error('must not be called')) };
const CONFIRM = 'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x&Token=y';
const asked = (changes: object = {}) =>
  JSON.stringify({
    Type: 'SubscriptionConfirmation',
    MessageId: 'm',
    Token: 'y',
    TopicArn: 'arn:aws:sns:eu-west-1:111122223333:alerts',
    Message: 'You have chosen to subscribe',
    SubscribeURL: CONFIRM,
    Timestamp: '2026-05-01T10:00:00.000Z',
    ...changes,
  });
const basicPair = `Basic ${Buffer.from('sns:the-password-of-sns').toString('base64')}`;
const basic: Auth = { kind: 'basic', user: 'sns', secrets: ['the-password-of-sns'] };
const bearer: Auth = { kind: 'bearer', secrets: ['the-token-of-sns'] };
const awsSns = sources.get('aws-sns');
assert.ok(awsSns);

async function intakeWith(
  t: Parameters<typeof startIntake>[0],
  auth: Auth,
  confirm = (_url: string) => Promise.resolve(),
) {
  const [fetched, lines]: [string[], string[]] = [[], []];
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  const { post } = await startIntake(t, storing, {
    senders: [{ name: 'sns', source: awsSns as NonNullable<typeof awsSns>, auth }],
    logger,
    confirm: (url) => {
      fetched.push(url);
      return confirm(url);
    },
  });
  const ask = (authorization: string | null, body = asked()) =>
    post('sns', body, {
      'content-type': 'text/plain; charset=UTF-8',
      ...(authorization === null ? {} : { authorization }),
    });
  return { ask, fetched, said: () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg).join('\n') };
}

describe('confirmation of a subscription', () => {
  for (const [auth, authorization] of [
    [basic, basicPair],
    [bearer, 'Bearer the-token-of-sns'],
  ] as const)
    it(`with ${auth.kind} it is confirmed and logged`, async (t) => {
      const { ask, fetched, said } = await intakeWith(t, auth);
      assert.equal((await ask(authorization)).status, 200);
      assert.deepEqual(fetched, [CONFIRM]);
      assert.match(said(), /subscription confirmed/);
    });

  it('a stranger is refused, and SNS is asked for the password of its address', async (t) => {
    const { ask, fetched } = await intakeWith(t, basic);
    const { status, headers } = await ask(null);
    assert.deepEqual([status, headers.get('www-authenticate')], [401, 'Basic realm="tocsin"']);
    assert.deepEqual(fetched, []);
  });

  it('without authentication nothing is fetched, and the operator is told what to open', async (t) => {
    const { ask, fetched, said } = await intakeWith(t, { kind: 'none' });
    assert.equal((await ask(null)).status, 200);
    assert.deepEqual(fetched, []);
    assert.match(said(), /not confirmed: its sender has proved nothing/);
  });

  it('an address elsewhere is refused, whoever names it', async (t) => {
    const { ask, fetched } = await intakeWith(t, bearer);
    for (const SubscribeURL of [
      'https://169.254.169.254/',
      'https://sns.eu-west-1.amazonaws.com.evil.example/',
      'file:///etc/passwd',
    ])
      assert.equal((await ask('Bearer the-token-of-sns', asked({ SubscribeURL }))).status, 400);
    assert.deepEqual(fetched, []);
  });

  it('while Amazon cannot be reached, SNS is asked to come again', async (t) => {
    const { ask, said } = await intakeWith(t, bearer, () => Promise.reject(new Error('away')));
    assert.equal((await ask('Bearer the-token-of-sns')).status, 503);
    assert.match(said(), /was not confirmed, its sender will ask again/);
  });

  it('the end of a subscription is taken note of, and not undone', async (t) => {
    const { ask, fetched } = await intakeWith(t, bearer);
    assert.equal((await ask('Bearer the-token-of-sns', asked({ Type: 'UnsubscribeConfirmation' }))).status, 200);
    assert.deepEqual(fetched, []);
  });
});
