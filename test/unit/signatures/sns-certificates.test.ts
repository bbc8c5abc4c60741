/** Certificates of SNS from a local https server that stands in for Amazon's, reached by a fetch that only the test has. */
import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type TestContext, before, describe, it } from 'node:test';
import { type Auth, assertAuth, isAllowed } from '../../../triggers/intake/auth.ts';
import { CannotTell } from '../../../triggers/intake/cannot-tell.ts';
import { stringToSign } from '../../../triggers/intake/signatures/aws-sns.ts';
import { createSnsCertificates } from '../../../triggers/intake/signatures/sns-certificates.ts';
import { type Authority, type Pair, WHILE_VALID, makeAuthority, selfSigned } from '../../support/pem-pairs.ts';

const HOST = 'https://sns.eu-west-1.amazonaws.com';
const CERTIFICATE = `${HOST}/SimpleNotificationService-6aad65c2f9911b05cd53efda11f913f9.pem`;
const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:alerts';

describe('certificates of aws-sns', () => {
  let amazon: Authority;
  let service: Pair;
  let sns: Pair;
  before(() => {
    amazon = makeAuthority('stands in for a public authority');
    service = amazon.issue('sns.eu-west-1.amazonaws.com');
    sns = selfSigned('/CN=sns.amazonaws.com');
  });

  /** `fetch` as in production, but that every name leads to the local server. */
  async function serve(t: TestContext, answer: (response: ServerResponse) => void) {
    const asked: string[] = [];
    const server = createServer({ cert: service.cert, key: service.key }, (request, response) => {
      asked.push(`https://${request.headers.host ?? ''}${request.url ?? ''}`);
      answer(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const fetch = async (url: string): Promise<Response> => {
      const { hostname, pathname } = new URL(url);
      const options = {
        host: '127.0.0.1',
        port,
        path: pathname,
        servername: hostname,
        ca: amazon.cert,
        headers: { host: hostname },
        agent: false as const,
      };
      const [response] = (await once(get(options), 'response')) as [IncomingMessage];
      return new Response(await buffer(response), { status: response.statusCode ?? 0 });
    };
    return { fetch, asked };
  }

  const message = (changes: object = {}, by = sns): Buffer => {
    const fields = {
      Type: 'Notification',
      MessageId: 'id',
      TopicArn: TOPIC,
      Message: 'disk full',
      Timestamp: WHILE_VALID.toISOString(),
      SignatureVersion: '2',
      SigningCertURL: CERTIFICATE,
      ...changes,
    };
    const signature = sign('sha256', Buffer.from(stringToSign(fields) ?? ''), by.key).toString('base64');
    return Buffer.from(JSON.stringify({ ...fields, Signature: signature }));
  };
  const allowed = (auth: Auth, raw: Buffer) => isAllowed(auth, { headers: {}, raw }, WHILE_VALID);
  const authWith = (fetch: (url: string) => Promise<Response>, now?: () => number): Auth => ({
    kind: 'signature',
    scheme: 'aws-sns',
    secrets: [],
    topics: [TOPIC],
    certificates: createSnsCertificates({ fetch, ...(now === undefined ? {} : { now }) }),
  });

  it('a message is checked with the certificate that it names, fetched once', async (t) => {
    const { fetch, asked } = await serve(t, (response) => response.end(sns.cert));
    const auth = authWith(fetch);
    assertAuth('sns', auth, { host: '0.0.0.0', clientCertificates: false });
    const answers = await Promise.all(
      [message(), message({ Message: 'disk full again' })].map((raw) => allowed(auth, raw)),
    );
    assert.deepEqual([...answers, await allowed(auth, message())], [true, true, true]);
    assert.deepEqual(asked, [CERTIFICATE]);
  });

  it('what another key signed, and what was changed, is refused', async (t) => {
    const { fetch } = await serve(t, (response) => response.end(sns.cert));
    const auth = authWith(fetch);
    assert.equal(await allowed(auth, message({}, selfSigned('/CN=sns.amazonaws.com'))), false);
    const changed = { ...(JSON.parse(message().toString()) as object), Message: 'all is well' };
    assert.equal(await allowed(auth, Buffer.from(JSON.stringify(changed))), false);
  });

  for (const url of [
    'https://evil.example/SimpleNotificationService-1.pem',
    'http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem',
    'https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem',
    'https://sns.eu-west-1.amazonaws.com:444/SimpleNotificationService-1.pem',
    'https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem',
    'https://bucket.s3.amazonaws.com/SimpleNotificationService-1.pem',
    `${HOST}/SimpleNotificationService-1.pem?x=1`,
    `${HOST}/?Action=ConfirmSubscription`,
    `${HOST}/../SimpleNotificationService-1.pem`,
    '',
  ])
    it(`nothing is fetched from ${url || 'nowhere'}`, async (t) => {
      const { fetch, asked } = await serve(t, (response) => response.end(sns.cert));
      assert.equal(await allowed(authWith(fetch), message({ SigningCertURL: url })), false);
      assert.deepEqual(asked, []);
    });

  it('nothing is fetched for a topic that is not ours', async (t) => {
    const { fetch, asked } = await serve(t, (response) => response.end(sns.cert));
    assert.equal(await allowed(authWith(fetch), message({ TopicArn: `${TOPIC}-2` })), false);
    assert.deepEqual(asked, []);
  });

  it('a certificate of somebody else at that host, and what is none, let nobody in', async (t) => {
    const other = selfSigned('/CN=bucket.amazonaws.com');
    for (const [body, by] of [
      [other.cert, other],
      ['no certificate', sns],
    ] as const) {
      const { fetch } = await serve(t, (response) => response.end(body));
      assert.equal(await allowed(authWith(fetch), message({}, by)), false);
    }
  });

  for (const [why, answer] of [
    ['is away', (response: ServerResponse) => response.destroy()],
    ['fails', (response: ServerResponse) => response.writeHead(503).end()],
    ['has too much to do', (response: ServerResponse) => response.writeHead(429).end()],
    ['sends without end', (response: ServerResponse) => response.end('x'.repeat(100_000))],
  ] as const)
    it(`while Amazon's host ${why} nobody is let in, and nobody is refused for good`, async (t) => {
      const { fetch } = await serve(t, answer);
      await assert.rejects(allowed(authWith(fetch), message()), CannotTell);
    });

  it('a file that is not there now is asked for again: one wrong answer refuses no message of tomorrow', async (t) => {
    let isThere = false;
    const { fetch } = await serve(t, (response) =>
      isThere ? response.end(sns.cert) : response.writeHead(404).end('not found'),
    );
    const auth = authWith(fetch);
    assert.equal(await allowed(auth, message()), false);
    isThere = true;
    assert.equal(await allowed(auth, message()), true);
  });

  it('fetches are bounded, whatever addresses are named, and begin anew after a minute', async (t) => {
    const { fetch, asked } = await serve(t, (response) => response.writeHead(404).end());
    let now = WHILE_VALID.getTime();
    const auth = authWith(fetch, () => now);
    const named = (index: number) => message({ SigningCertURL: `${HOST}/SimpleNotificationService-${index}.pem` });
    for (let index = 0; index < 20; index += 1) assert.equal(await allowed(auth, named(index)), false);
    await assert.rejects(allowed(auth, named(20)), CannotTell);
    assert.equal(asked.length, 20);
    now += 60_001;
    assert.equal(await allowed(auth, named(20)), false);
  });
});
