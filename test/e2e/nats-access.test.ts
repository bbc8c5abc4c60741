import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import { LogDenied, LogUnavailable } from '../../triggers/nats/errors.ts';
import type { LogAccess } from '../../triggers/nats/log-access.ts';
import { loadConfig } from '../../workers/config.ts';
import { natsAccess } from '../../workers/nats-access.ts';
import { type Authority, type Certificate, createAuthority } from '../support/certificates.ts';
import { streamSpec } from '../support/events-log.ts';
import { type NatsTenancy, createTenancy } from '../support/nats-identity.ts';
import { type SecuredNats, startSecuredNats } from '../support/secured-nats.ts';

const noFile = loadConfig({ env: { TOCSIN_CONFIG: undefined } });

describe('access to NATS', () => {
  let dir: string;
  let authority: Authority;
  let client: Certificate;
  let tenancy: NatsTenancy;
  let server: SecuredNats;
  const file = (name: string, content: string): string => {
    const path = join(dir, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tocsin-tls-'));
    authority = createAuthority(dir, 'authority');
    client = authority.issue('client');
    tenancy = createTenancy();
    const { cert, key } = authority.issue('server');
    server = await startSecuredNats(
      () =>
        `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${authority.ca}", verify: true }\n${tenancy.serverConfig}`,
    );
  });
  after(async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const env = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
    NATS_CREDS: file('user.creds', tenancy.creds('user')),
    NATS_CA: authority.ca,
    NATS_CERT: client.cert,
    NATS_KEY: client.key,
    ...more,
  });
  const open = (access: LogAccess) => connectLog({ servers: server.url, name: 'test', access });
  const refusedAs = (reason: RegExp) => (error: unknown) => {
    assert.ok(error instanceof LogUnavailable);
    assert.match(error.message, reason);
    // Not to be told from a server that is away: it may say nothing at all.
    assert.equal(error instanceof LogDenied, !/wants a certificate/.test(error.message), error.message);
    return true;
  };

  it('works with mutual TLS and a credentials file', async () => {
    const log = await open(natsAccess(noFile, 'all', env()));
    await log.ensureTopology([streamSpec('secured')], true);
    const { sequence } = await log.publish('secured.a', new TextEncoder().encode('kept'));
    assert.equal(new TextDecoder().decode((await log.get('SECURED', sequence))?.data), 'kept');
    await log.close();
  });

  const refusals: readonly [why: string, env: () => Record<string, string>, reason: RegExp][] = [
    [
      'no certificate of its own',
      () => ({ NATS_CREDS: env()['NATS_CREDS'] ?? '', NATS_CA: authority.ca }),
      /wants a certificate/,
    ],
    [
      'an authority that did not sign the server',
      () => env({ NATS_CA: createAuthority(dir, 'stranger').ca }),
      /certificate/,
    ],
    [
      'credentials that have expired',
      () => env({ NATS_CREDS: file('old.creds', tenancy.creds('user', { expired: true })) }),
      /credentials/,
    ],
    [
      'credentials of another operator',
      () => env({ NATS_CREDS: file('other.creds', createTenancy().creds('user')) }),
      /credentials/,
    ],
  ];
  for (const [why, settings, reason] of refusals)
    it(`is refused with ${why}`, async () => {
      await assert.rejects(open(natsAccess(noFile, 'all', settings())), refusedAs(reason));
    });

  it('sends nothing to a server that offers no TLS when TLS is asked for', async () => {
    let received = '';
    const sockets = new Set<Socket>();
    const plain = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (data) => (received += data.toString()));
      socket.write(
        'INFO {"server_id":"x","version":"2.11.0","proto":1,"headers":true,"max_payload":1048576,"nonce":"abc"}\r\n',
      );
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const servers = `nats://127.0.0.1:${(plain.address() as AddressInfo).port}`;
    await assert.rejects(
      connectLog({ servers, name: 'test', access: natsAccess(noFile, 'all', env()) }),
      refusedAs(/does not offer TLS/),
    );
    assert.equal(received, '');
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => plain.close(resolve));
  });

  it('reads credentials and certificates anew for each connection', () => {
    const path = file('rotated.creds', 'first');
    const { identity, tls } = natsAccess(noFile, 'all', env({ NATS_CREDS: path }));
    assert.equal(identity?.kind === 'creds' && identity.creds(), 'first');
    file('rotated.creds', 'second');
    assert.equal(identity?.kind === 'creds' && identity.creds(), 'second');
    assert.match(tls?.ca?.() ?? '', /BEGIN CERTIFICATE/);
  });
});
