/** Pub/Sub repeats whatever is refused for days: what can never work is kept among the dead letters, on a real events log, and answered 2xx. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type CryptoKey, SignJWT, exportJWK, generateKeyPair } from 'jose';
import { pinnedKeys } from '../../triggers/intake/oidc.ts';
import { createQuarantine } from '../../triggers/intake/quarantine.ts';
import { readRaw } from '../../triggers/intake/raw-store.ts';
import { LogUnavailable } from '../../triggers/nats/errors.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { createDeadLetters } from '../../triggers/path/dead-letters.ts';
import type { StoredDeadLetter } from '../../triggers/path/ports.ts';
import { sources } from '../../triggers/sources/index.ts';
import { send, startIntake } from '../support/intake.ts';
import { REGION } from '../support/read-request.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';

const [ISSUER, AUDIENCE, EMAIL] = [
  'https://accounts.google.com',
  'https://tocsin.example/in/gcp',
  'push@p.iam.gserviceaccount.com',
];
const gcp = sources.get('gcp');
assert.ok(gcp);

describe('quarantine of a Pub/Sub push', () => {
  let servers: TestServers;
  let log: EventLog;
  let key: CryptoKey;
  let keys: ReturnType<typeof pinnedKeys>;
  before(async () => {
    servers = await startTestServers({ nats: true });
    log = await connectLog({ servers: servers.natsUrl, name: 'test' });
    const topology = regionTopology(REGION, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 });
    await log.ensureTopology(topology, true);
    const pair = await generateKeyPair('RS256');
    key = pair.privateKey;
    keys = pinnedKeys(JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'RS256' }] }));
  });
  after(async () => {
    await log.close();
    await servers.stopAll();
  });

  const authorization = async (): Promise<string> =>
    `Bearer ${await new SignJWT({ email: EMAIL, email_verified: true }).setProtectedHeader({ alg: 'RS256', kid: 'k' }).setIssuer(ISSUER).setAudience(AUDIENCE).setIssuedAt().setExpirationTime('1h').sign(key)}`;
  const sender = () => ({
    name: 'gcp',
    source: gcp,
    auth: { kind: 'oidc', issuer: ISSUER, audience: AUDIENCE, emails: [EMAIL], keys } as const,
    quarantine: true,
  });
  const letters = async (): Promise<StoredDeadLetter[]> => {
    const found: StoredDeadLetter[] = [];
    for await (const letter of createDeadLetters(log, REGION).list()) found.push(letter);
    return found;
  };
  const push = (data: unknown) =>
    JSON.stringify({
      message: { data, messageId: '1', publishTime: new Date().toISOString() },
      subscription: 'projects/p/subscriptions/tocsin',
    });

  it('poison is answered 202, kept once with its reason, and its neighbour is stored', async (t) => {
    const { post } = await startIntake(t, log, {
      senders: [sender()],
      quarantine: createQuarantine(log, REGION, 'test'),
    });
    const headers = { authorization: await authorization() };
    const poison = ['{"message":', push('not base64!'), JSON.stringify({ incident: { state: 'open' } }), '[]'];
    for (const body of [...poison, ...poison]) assert.equal((await post('gcp', body, headers)).status, 202, body);
    assert.equal((await post('gcp', 'text', { ...headers, 'content-type': 'text/plain' })).status, 202);
    assert.equal((await post('gcp', push(Buffer.from('{"a":1}').toString('base64')), headers)).status, 202);
    const found = await letters();
    assert.deepEqual(
      found.map(({ reason, data }) => [reason, Buffer.from(data).toString().slice(0, 11)]),
      [
        ['not-json', '{"message":'],
        ['bad-base64', '{"message":'],
        ['missing-identity', '{"incident"'],
        ['not-gcp', '[]'],
        ['not-json', 'text'],
      ],
    );
    assert.ok(!JSON.stringify(found).includes('Bearer'));
    assert.equal((await log.streamState(eventStream(REGION))).messages, 1);
    const [first] = found;
    await assert.rejects(createDeadLetters(log, REGION).redrive(first?.id ?? 0), /never became an event/);
  });

  it('a body larger than a letter is kept whole beside it', async (t) => {
    const { post } = await startIntake(t, log, {
      senders: [sender()],
      quarantine: createQuarantine(log, REGION, 'test'),
    });
    const body = `[${'1,'.repeat(400_000)}1]`;
    assert.equal((await post('gcp', body, { authorization: await authorization() })).status, 202);
    const letter = (await letters()).at(-1);
    const [ref = ''] = /raw:eu\/[0-9a-f]{64}/.exec(letter?.message ?? '') ?? [];
    assert.equal(Buffer.from((await readRaw(log, ref))?.bytes ?? []).toString(), body);
  });

  it('who has not proved to be Pub/Sub is refused, and nothing of it is kept', async (t) => {
    const before = (await letters()).length;
    const { post } = await startIntake(t, log, {
      senders: [sender()],
      quarantine: createQuarantine(log, REGION, 'test'),
    });
    assert.equal((await post('gcp', 'poison')).status, 401);
    assert.equal((await post('gcp', 'poison', { authorization: 'Bearer a.b.c' })).status, 401);
    assert.equal((await letters()).length, before);
  });

  it('what cannot be kept now must come again', async (t) => {
    const away = { publish: () => Promise.reject(new LogUnavailable('away')) };
    const { post } = await startIntake(t, away, {
      senders: [sender()],
      quarantine: createQuarantine(away, REGION, 'test'),
    });
    assert.equal((await post('gcp', 'poison', { authorization: await authorization() })).status, 503);
  });

  it('what is too large is let go of and its beginning kept, once, also when no length was announced', async (t) => {
    const { url, post } = await startIntake(t, log, {
      senders: [{ ...sender(), name: 'large' }],
      quarantine: createQuarantine(log, REGION, 'test'),
    });
    const body = push('x'.repeat(2_500_000));
    const headers = { authorization: await authorization() };
    const chunked = new Blob([body]).stream();
    assert.equal((await post('large', body, headers)).status, 202);
    const again = await send(`${url}/in/large`, { body: chunked, headers, duplex: 'half' } as RequestInit);
    assert.deepEqual([again.status, again.body], [202, { accepted: 0, quarantined: 1 }]);
    const found = (await letters()).filter(({ reason }) => reason === 'body-too-large');
    assert.equal(found.length, 1);
    const [letter] = found;
    assert.equal(Buffer.from(letter?.data ?? []).toString(), body.slice(0, 65_536));
    const sha256 = createHash('sha256').update(body).digest('hex');
    assert.ok(letter?.message.includes(`${body.length} bytes`) && letter.message.includes(sha256), letter?.message);
  });

  it('what is too large of a stranger is refused and not kept', async (t) => {
    const kept: unknown[] = [];
    const { post } = await startIntake(t, log, {
      senders: [sender()],
      quarantine: (request) => Promise.resolve(void kept.push(request)),
    });
    const headers = { authorization: 'Bearer not-a-token' };
    const { status, body } = await post('gcp', push('x'.repeat(2_500_000)), headers);
    assert.deepEqual([status, body.error?.reason, kept], [413, 'body-too-large', []]);
  });
});
