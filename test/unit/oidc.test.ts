/** Tokens signed in the test; keys from a pinned set, and from a server that can be stopped. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, before, describe, it } from 'node:test';
import { type CryptoKey, type JWK, SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';
import { type Auth, assertAuth, isAllowed } from '../../triggers/intake/auth.ts';
import { CannotTell } from '../../triggers/intake/cannot-tell.ts';
import { fetchedKeys, pinnedKeys } from '../../triggers/intake/oidc.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const SECONDS = NOW.getTime() / 1_000;
const AUDIENCE = 'https://tocsin.example/in/gcp';
const EMAIL = 'tocsin-push@project.iam.gserviceaccount.com';
const ISSUER = 'https://accounts.google.com';
const CLAIMS = { iss: ISSUER, aud: AUDIENCE, email: EMAIL, email_verified: true, iat: SECONDS, exp: SECONDS + 3_600 };

interface Signer {
  readonly key: CryptoKey;
  readonly jwk: JWK;
}

async function signer(kid: string): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  return { key: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } };
}

const token = (claims: object, { key, jwk }: Signer): Promise<string> =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: jwk.kid ?? '' }).sign(key);

const keySet = (...signers: readonly Signer[]): string => JSON.stringify({ keys: signers.map(({ jwk }) => jwk) });
const request = (text: string) => ({ headers: { authorization: `Bearer ${text}` }, raw: Buffer.alloc(0) });

/** A key set on a server of its own. */
async function keyServer(t: TestContext, body: () => string, status = 200) {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(status, { 'content-type': 'application/json' }).end(body());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/certs`, asked: () => asked };
}

describe('auth oidc', () => {
  let good: Signer;
  let other: Signer;
  let auth: Extract<Auth, { kind: 'oidc' }>;
  before(async () => {
    [good, other] = [await signer('one'), await signer('two')];
    auth = { kind: 'oidc', issuer: ISSUER, audience: AUDIENCE, emails: [EMAIL], keys: pinnedKeys(keySet(good)) };
  });

  const without = (name: keyof typeof CLAIMS) => ({ ...CLAIMS, [name]: undefined });
  for (const [why, claims, passes] of [
    ['the push of the service account', CLAIMS, true],
    ['one of several audiences', { ...CLAIMS, aud: [AUDIENCE, 'x'] }, true],
    ['another audience', { ...CLAIMS, aud: 'https://elsewhere.example' }, false],
    ['no audience', without('aud'), false],
    ['another issuer', { ...CLAIMS, iss: 'https://accounts.example' }, false],
    ['no issuer', without('iss'), false],
    ['another account of the same issuer', { ...CLAIMS, email: 'me@gmail.com' }, false],
    ['no account', without('email'), false],
    ['an account that is not verified', { ...CLAIMS, email_verified: false }, false],
    ['verified as a text', { ...CLAIMS, email_verified: 'true' }, false],
    ['expired within the leeway', { ...CLAIMS, exp: SECONDS - 59 }, true],
    ['expired', { ...CLAIMS, exp: SECONDS - 61 }, false],
    ['no expiry', without('exp'), false],
    ['an expiry that is no number', { ...CLAIMS, exp: 'never' }, false],
    ['valid from within the leeway', { ...CLAIMS, nbf: SECONDS + 59 }, true],
    ['not valid yet', { ...CLAIMS, nbf: SECONDS + 61 }, false],
    ['issued ahead within the leeway', { ...CLAIMS, iat: SECONDS + 59 }, true],
    ['issued ahead', { ...CLAIMS, iat: SECONDS + 61 }, false],
    ['no time of issue', without('iat'), false],
  ] as const)
    it(`${why}: ${passes ? 'passes' : 'is refused'}`, async () => {
      assert.equal(await isAllowed(auth, request(await token(claims, good)), NOW), passes);
    });

  it('a signature by another key, an altered one and none at all are refused', async () => {
    const genuine = await token(CLAIMS, good);
    const [head = '', claims = '', signature = ''] = genuine.split('.');
    const secret = new TextEncoder().encode(JSON.stringify(good.jwk));
    const tries = [
      await token(CLAIMS, { ...other, jwk: good.jwk }),
      await token(CLAIMS, other),
      `${head}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
      `${head}.${Buffer.from(JSON.stringify({ ...CLAIMS, exp: SECONDS + 9_999 })).toString('base64url')}.${signature}`,
      `${head}.${claims}.`,
      new UnsecuredJWT(CLAIMS).encode(),
      // The public key taken for a shared secret.
      await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret),
      'a.b.c',
      'x'.repeat(9_000),
    ];
    for (const each of tries) assert.equal(await isAllowed(auth, request(each), NOW), false, each.slice(0, 40));
    assert.equal(await isAllowed(auth, { headers: {}, raw: Buffer.alloc(0) }, NOW), false);
    assert.equal(await isAllowed(auth, { headers: { authorization: genuine }, raw: Buffer.alloc(0) }, NOW), false);
  });

  it('needs an audience and accounts', () => {
    const at = { host: '127.0.0.1', clientCertificates: false };
    assertAuth('gcp', auth, at);
    for (const change of [{ emails: [] }, { audience: '' }])
      assert.throws(() => assertAuth('gcp', { ...auth, ...change }, at), /needs an audience and the emails/);
  });

  it('keys are fetched once, and an unknown key does not ask again at once', async (t) => {
    const server = await keyServer(t, () => keySet(good));
    const fetching = { ...auth, keys: fetchedKeys(server.url) };
    assert.equal(await isAllowed(fetching, request(await token(CLAIMS, good)), NOW), true);
    assert.equal(await isAllowed(fetching, request(await token(CLAIMS, good)), NOW), true);
    for (let tries = 0; tries < 5; tries += 1)
      assert.equal(await isAllowed(fetching, request(await token(CLAIMS, other)), NOW), false);
    assert.equal(server.asked(), 1);
  });

  it('a key that came with a rotation is fetched, at most once a minute', async (t) => {
    const served = [keySet(good), keySet(good, other)];
    const server = await keyServer(t, () => served.shift() ?? '');
    t.mock.timers.enable({ apis: ['Date'], now: NOW });
    const fetching = { ...auth, keys: fetchedKeys(server.url) };
    assert.equal(await isAllowed(fetching, request(await token(CLAIMS, good)), NOW), true);
    assert.equal(await isAllowed(fetching, request(await token(CLAIMS, other)), NOW), false);
    t.mock.timers.tick(61_000);
    assert.equal(await isAllowed(fetching, request(await token(CLAIMS, other)), NOW), true);
    assert.equal(server.asked(), 2);
  });

  for (const [why, body, status] of [
    ['an error', '{}', 500],
    ['what is no key set', '{"keys":1}', 200],
    ['a redirect', '', 302],
  ] as const)
    it(`a key server that answers ${why} lets nobody in and refuses nobody, and is left alone for a moment`, async (t) => {
      const server = await keyServer(t, () => body, status);
      const fetching = { ...auth, keys: fetchedKeys(server.url) };
      const genuine = request(await token(CLAIMS, good));
      for (let tries = 0; tries < 3; tries += 1) await assert.rejects(isAllowed(fetching, genuine, NOW), CannotTell);
      assert.equal(server.asked(), 1);
    });
});
