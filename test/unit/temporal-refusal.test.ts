import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXIT } from '../../workers/exit-code.ts';
import { refusalOf } from '../../workers/temporal-refusal.ts';
import { explainTls } from '../../workers/tls-problem.ts';

const NOW = Date.UTC(2026, 10, 25);
const [NOT_FOUND, PERMISSION_DENIED, UNAVAILABLE, UNAUTHENTICATED] = [5, 7, 14, 16];

const grpc = (code: number): Error =>
  Object.assign(new Error(`${code} refused`), { code, details: 'Request unauthorized.', metadata: {} });
const token = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;
const asked = (code: number, apiKey?: string) =>
  refusalOf(
    new Error('cannot start', { cause: grpc(code) }),
    { connection: { address: 'temporal:7233', ...(apiKey === undefined ? {} : { apiKey }) }, namespace: 'operations' },
    NOW,
  );

describe('a call that Temporal refuses', () => {
  for (const [why, code, apiKey, remedy] of [
    ['without a key', PERMISSION_DENIED, undefined, /No API key is set.*"operations": set TEMPORAL_API_KEY/],
    [
      'with one that expired',
      PERMISSION_DENIED,
      token({ exp: NOW / 1_000 - 60 }),
      /The API key expired at 2026-11-24T23:59:00/,
    ],
    [
      'with one that may not',
      PERMISSION_DENIED,
      token({ exp: NOW / 1_000 + 60 }),
      /The API key has no right to do this/,
    ],
    ['with one that is no token', PERMISSION_DENIED, 'secret-words', /The API key has no right to do this/],
    ['with one it does not know', UNAUTHENTICATED, 'secret-words', /The API key is not accepted/],
  ] as const)
    it(`${why} says so, never the key, and is not taken for a server that is away`, () => {
      const refused = asked(code, apiKey) ?? assert.fail('is no refusal');
      assert.equal(refused.exitCode, EXIT.refused);
      assert.match(refused.message, /^Temporal at temporal:7233 refuses this: Request unauthorized\. /);
      assert.match(refused.message, remedy);
      assert.ok(apiKey === undefined || !refused.message.includes(apiKey));
    });

  it('is none when the server is away, or there is no such run', () => {
    assert.equal(asked(UNAVAILABLE), null);
    assert.equal(asked(NOT_FOUND), null);
    assert.equal(refusalOf(new Error('a fault of ours'), { connection: {}, namespace: 'operations' }), null);
  });
});

describe('a handshake that fails', () => {
  const pair = { clientCertPair: { crt: Buffer.of(), key: Buffer.of() } };
  for (const [code, tls, what, remedy] of [
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', {}, /none is set/, /^Set TEMPORAL_TLS_CLIENT_CERT_PATH/],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', pair, /does not accept the certificate/, /an authority that the server trusts/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', {}, /not trusted here/, /^Set TEMPORAL_TLS_SERVER_CA_CERT_PATH/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', pair, /other names than its address/, /TEMPORAL_TLS_SERVER_NAME/],
    ['CERT_HAS_EXPIRED', pair, /not valid now/, /the clock of this host/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', pair, /does not speak TLS/, /^Correct TEMPORAL_ADDRESS/],
    ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', pair, /with this certificate and key/, /belong together/],
  ] as const)
    it(`by ${code} is told in words, with what to do`, () => {
      const found = explainTls(code, tls) ?? assert.fail('is nothing');
      assert.match(found.what, what);
      assert.match(found.what, new RegExp(code));
      assert.match(found.remedy, remedy);
    });

  it('because nobody is there is not about TLS', () => {
    for (const code of ['ECONNREFUSED', 'ETIMEDOUT', 'ENOTFOUND']) assert.equal(explainTls(code, pair), null);
  });
});
