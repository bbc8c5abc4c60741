import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Http2SecureServer, createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { connectClient, connectTemporal, temporalTarget } from '../../workers/temporal-connection.ts';
import { type Authority, type Certificate, createAuthority } from '../support/certificates.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { startTlsProxy } from '../support/tls-proxy.ts';

const EMBEDDED = { address: '127.0.0.1:1', namespace: 'default' };

describe('access to Temporal', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-tls-'));
  let servers: TestServers;
  let authority: Authority;
  let client: Certificate;
  let proxy: Proxy;
  let outside: NodeJS.ProcessEnv;
  before(async () => {
    outside = { ...process.env };
    servers = await startTestServers({ temporal: true });
    authority = createAuthority(dir, 'authority');
    client = authority.issue('client');
    proxy = await startTlsProxy(authority, Number(servers.temporalAddress.split(':')[1]));
  });
  afterEach(() => {
    for (const name of Object.keys(process.env)) if (name.startsWith('TEMPORAL_')) delete process.env[name];
  });
  after(async () => {
    Object.assign(process.env, outside);
    await proxy.close();
    await servers.stopAll();
    rmSync(dir, { recursive: true, force: true });
  });
  const settings = (ca: string): Record<string, string> => ({
    TEMPORAL_ADDRESS: `127.0.0.1:${proxy.port}`,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: ca,
    TEMPORAL_TLS_CLIENT_CERT_PATH: client.cert,
    TEMPORAL_TLS_CLIENT_KEY_PATH: client.key,
  });

  for (const [kind, connect] of [
    ['a worker', connectTemporal],
    ['a command', connectClient],
  ] as const) {
    it(`${kind} speaks mutual TLS with Temporal's own variables`, async () => {
      Object.assign(process.env, settings(authority.ca));
      const temporal = await connect(temporalTarget(EMBEDDED));
      const { namespaceInfo } = await temporal.client.workflowService.describeNamespace({ namespace: 'default' });
      assert.equal(namespaceInfo?.name, 'default');
      await temporal.close();
    });

    it(`${kind} does not speak with a server of another authority`, async () => {
      Object.assign(process.env, settings(createAuthority(dir, 'stranger').ca));
      await assert.rejects(connect(temporalTarget(EMBEDDED)));
    });

    it(`${kind} shows its API key, inside TLS only`, async () => {
      const seen: string[] = [];
      const { cert, key } = authority.issue('cloud');
      const cloud = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
        seen.push(request.headers.authorization ?? '');
        response.writeHead(200, { 'content-type': 'application/grpc' });
        response.addTrailers({ 'grpc-status': '0' });
        response.end(Buffer.alloc(5));
      });
      await new Promise<void>((resolve) => cloud.listen(0, '127.0.0.1', resolve));
      Object.assign(process.env, {
        TEMPORAL_ADDRESS: `127.0.0.1:${(cloud.address() as AddressInfo).port}`,
        TEMPORAL_API_KEY: 'key-of-a-namespace',
        TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.ca,
      });
      const temporal = await connect(temporalTarget(EMBEDDED));
      await temporal.close();
      await closeAll(cloud);
      assert.ok(seen.length > 0);
      assert.ok(seen.every((header) => header === 'Bearer key-of-a-namespace'));
    });
  }

  it('refuses a profile that is not there, and a file that is none, without its lines', () => {
    process.env['TEMPORAL_CONFIG_FILE'] = join(dir, 'temporal.toml');
    process.env['TEMPORAL_PROFILE'] = 'lab';
    assert.throws(() => temporalTarget(EMBEDDED), /^CommandError: .*'lab' not found.*See TEMPORAL_PROFILE/);
    writeFileSync(join(dir, 'temporal.toml'), '[profile.lab]\napi_key = secret');
    assert.throws(() => temporalTarget(EMBEDDED), /^CommandError: (?!.*secret).*Invalid TOML/s);
  });

  it('refuses an API key without an address, which would protect nothing', () => {
    process.env['TEMPORAL_API_KEY'] = 'key';
    assert.throws(() => temporalTarget(EMBEDDED), /expected TEMPORAL_ADDRESS/);
  });
});

/** Clients have closed their connections by now. */
const closeAll = (server: Http2SecureServer): Promise<void> =>
  new Promise((resolve) => void server.close(() => resolve()));
