/** An intake that speaks TLS itself: real handshakes, certificates made in the test. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { before, describe, it } from 'node:test';
import type { Auth } from '../../triggers/intake/auth.ts';
import { createIntake } from '../../triggers/intake/intake.ts';
import { sources } from '../../triggers/sources/index.ts';
import { readTls } from '../../workers/roles/configured-sender.ts';
import { type Authority, type Pair, makeAuthority, selfSigned } from '../support/pem-pairs.ts';
import { intakeOptions, startIntake } from '../support/intake.ts';
import { alertmanagerPayload } from '../support/payloads.ts';

const storing = { publish: () => Promise.resolve({ stream: 'EVENTS_EU', sequence: 1, duplicate: false }) };
const GOOD = JSON.stringify(alertmanagerPayload('firing'));
const alertmanager = sources.get('alertmanager');
assert.ok(alertmanager);
const sender = (auth: Auth) => ({ name: 'am', source: alertmanager, auth });
const named: Auth = { kind: 'mtls', names: ['am-1.example'], fingerprints: [] };

describe('auth mtls', () => {
  let ours: Authority;
  let theirs: Authority;
  let server: Pair;
  let client: Pair;
  before(() => {
    [ours, theirs] = [makeAuthority('ours'), makeAuthority('theirs')];
    [server, client] = [ours.issue('intake.example'), ours.issue('am-1.example')];
  });
  const tls = () => ({ cert: server.cert, key: server.key, clientCa: ours.cert });
  const post = async (url: string, shown: Pair | null, options: RequestOptions = {}): Promise<string> => {
    const sent = request(`${url}/in/am`, {
      method: 'POST',
      ca: ours.cert,
      headers: { 'content-type': 'application/json' },
      ...(shown === null ? {} : { cert: shown.cert, key: shown.key }),
      ...options,
    });
    sent.end(GOOD);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const body = (await json(answer)) as { error?: { reason: string } };
    return `${answer.statusCode ?? 0} ${body.error?.reason ?? ''}`.trim();
  };

  it('a certificate of our authority with a configured name may send, also when its session is resumed', async (t) => {
    const { url } = await startIntake(t, storing, { tls: tls(), senders: [sender(named)] });
    for (let tries = 0; tries < 3; tries += 1) assert.equal(await post(url, client), '202');
  });

  it('no certificate, another name and another authority may not', async (t) => {
    const { url } = await startIntake(t, storing, { tls: tls(), senders: [sender(named)] });
    for (const shown of [null, ours.issue('am-2.example'), theirs.issue('am-1.example')])
      assert.equal(await post(url, shown), '401 not-authenticated');
  });

  it('a fingerprint names one certificate, with or without colons', async (t) => {
    const { fingerprint256 } = new X509Certificate(client.cert);
    for (const fingerprint of [fingerprint256, fingerprint256.replaceAll(':', '').toLowerCase()]) {
      const auth: Auth = { kind: 'mtls', names: [], fingerprints: [fingerprint] };
      const { url } = await startIntake(t, storing, { tls: tls(), senders: [sender(auth)] });
      assert.equal(await post(url, client), '202');
      assert.equal(await post(url, ours.issue('am-1.example')), '401 not-authenticated');
    }
  });

  it('a sender with a token needs no certificate on the same address', async (t) => {
    const auth: Auth = { kind: 'bearer', secrets: ['a-token-of-a-sender'] };
    const { url } = await startIntake(t, storing, { tls: tls(), senders: [sender(auth)] });
    const headers = { 'content-type': 'application/json', authorization: 'Bearer a-token-of-a-sender' };
    assert.equal(await post(url, null, { headers }), '202');
    assert.equal(await post(url, client), '401 not-authenticated');
  });

  it('a certificate proves nothing where the intake does not ask for one', () => {
    const { cert, key } = server;
    for (const options of [{}, { tls: { cert, key } }])
      assert.throws(
        () => createIntake(intakeOptions(storing, { ...options, senders: [sender(named)] })),
        /sender am has auth "mtls"; expected intake.tls with clientCa/,
      );
    const nobody: Auth = { kind: 'mtls', names: [], fingerprints: [] };
    assert.throws(
      () => createIntake(intakeOptions(storing, { tls: tls(), senders: [sender(nobody)] })),
      /needs names or fingerprints/,
    );
  });
});

describe('configured TLS', () => {
  it('is read by reference, and a certificate of another key is told at start', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-tls-'));
    try {
      const [ours, other] = [selfSigned('/CN=intake'), selfSigned('/CN=other')];
      const reference = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text);
        return `file:${join(folder, name)}`;
      };
      const [cert, key] = [reference('cert', ours.cert), reference('key', ours.key)];
      assert.deepEqual(readTls({ cert, key, clientCa: cert }), {
        cert: ours.cert.trim(),
        key: ours.key.trim(),
        clientCa: ours.cert.trim(),
      });
      assert.throws(() => readTls({ cert, key: reference('other', other.key) }), /intake\.tls: .*of one pair/);
      assert.throws(() => readTls({ cert: `file:${folder}/none`, key }), /is missing or empty/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
