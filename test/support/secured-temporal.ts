/**
 * A Temporal cluster as an operator has it: the real server on PostgreSQL, mutual TLS at its frontend, and an authorizer that looks at the bearer
 * token of each call. Built once by `test/support/build-temporal-server`; where the binaries are missing, tests say so and are skipped.
 */
import { spawnSync } from 'node:child_process';
import { type KeyObject, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort, listens, startServer } from '../../workers/servers/server-process.ts';
import { type Authority, createAuthority } from './certificates.ts';
import { lacksPostgres, startPostgres } from './postgres.ts';
import { startReceiver } from './receiver.ts';

const VERSION = '1.32.0';
const BINARIES = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'tocsin',
  `temporal-server-${VERSION}`,
);
/** The internal frontend is not among those that run by default. */
const SERVICES = ['frontend', 'internal-frontend', 'history', 'matching', 'worker'];

/** Why a test with it is skipped here; false when it is not. */
export function temporalClusterMissing(): string | false {
  const missing = ['server', 'sql'].filter((name) => !existsSync(join(BINARIES, name)));
  return missing.length > 0 ? 'no Temporal server: run test/support/build-temporal-server' : lacksPostgres;
}

export interface SecuredTemporal {
  readonly address: string;
  /** Of the frontend's certificate, and of those that clients have to show. */
  readonly authority: Authority;
  /** An API key: a token with these permissions, such as `default:write` or `temporal-system:admin`. */
  apiKey(...permissions: readonly string[]): string;
  /** One that ends after so many seconds. */
  passingKey(seconds: number, ...permissions: readonly string[]): string;
  /** One that the cluster accepts until it is revoked, and when it is accepted again; within `REFRESHED` each. */
  revocableKey(...permissions: readonly string[]): RevocableKey;
  /** One that nobody whom the cluster trusts has signed. */
  forgedKey(...permissions: readonly string[]): string;
  /** One that was good until a minute ago. */
  expiredKey(...permissions: readonly string[]): string;
  stop(): Promise<void>;
}

export interface RevocableKey {
  readonly apiKey: string;
  revoke(): void;
  acceptAgain(): void;
}

/** How often the cluster asks who may sign tokens. */
const REFRESHED = '1s';

export async function startSecuredTemporal(): Promise<SecuredTemporal> {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-cluster-'));
  const closing: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close();
  };
  try {
    const authority = createAuthority(dir, 'cluster');
    const [signing, stranger] = [newSigner(), newSigner()];
    const trusted = new Set([signing]);
    const keys = await startReceiver();
    closing.push(keys.close);
    keys.answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ keys: [...trusted].map(publicHalf) }));
    };
    const postgres = await startPostgres();
    closing.push(postgres.stop);
    makeTables(postgres.port);
    const port = await freePort();
    const server = await startFrontend(dir, authority, { port, postgres: postgres.port, keys: keys.url.origin });
    closing.push(() => server.stop('SIGKILL'));
    const until = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;
    return {
      address: `127.0.0.1:${port}`,
      authority,
      apiKey: (...permissions) => token(signing, permissions, until(3_600)),
      passingKey: (seconds, ...permissions) => token(signing, permissions, until(seconds)),
      revocableKey: (...permissions) => {
        const own = newSigner();
        trusted.add(own);
        return {
          apiKey: token(own, permissions, until(3_600)),
          revoke: () => void trusted.delete(own),
          acceptAgain: () => void trusted.add(own),
        };
      },
      forgedKey: (...permissions) => token(stranger, permissions, until(3_600)),
      expiredKey: (...permissions) => token(signing, permissions, until(-60)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Whoever signs tokens. */
interface Signer {
  readonly kid: string;
  readonly key: KeyObject;
}

const newSigner = (): Signer => ({
  kid: randomUUID(),
  key: generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey,
});

const publicHalf = ({ kid, key }: Signer): object => ({
  ...createPublicKey(key).export({ format: 'jwk' }),
  kid,
  alg: 'RS256',
  use: 'sig',
});

function token({ kid, key }: Signer, permissions: readonly string[], exp: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'RS256', typ: 'JWT', kid })}.${part({ sub: 'tocsin', permissions, exp })}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

const STORES = { temporal: 'temporal', temporal_visibility: 'visibility' } as const;

function makeTables(port: number): void {
  for (const [database, schema] of Object.entries(STORES))
    for (const step of [
      ['create-database'],
      ['setup-schema', '-v', '0.0'],
      ['update-schema', '--schema-name', `postgresql/v12/${schema}`],
    ]) {
      const where = ['--plugin', 'postgres12', '--endpoint', '127.0.0.1', '--port', String(port)];
      const who = ['--user', 'postgres', '--password', 'secret', '--database', database];
      const { status, stdout, stderr } = spawnSync(join(BINARIES, 'sql'), [...where, ...who, ...step], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`sql ${step.join(' ')} of ${database}: ${(stdout + stderr).slice(-1_000)}`);
    }
}

interface Ports {
  readonly port: number;
  readonly postgres: number;
  /** Where the public keys of tokens are. */
  readonly keys: string;
}

async function startFrontend(dir: string, authority: Authority, ports: Ports) {
  const config = join(dir, 'config');
  mkdirSync(config);
  writeFileSync(join(config, 'test.yaml'), stringify(await configuration(authority, ports)));
  return startServer({
    name: 'temporal-server',
    command: join(BINARIES, 'server'),
    args: [
      '--root',
      dir,
      '--config',
      'config',
      '--env',
      'test',
      'start',
      ...SERVICES.flatMap((name) => ['--service', name]),
    ],
    logFile: join(dir, 'temporal.log'),
    ports: [],
    ready: () => listens(ports.port),
    readyWithinMs: 60_000,
  });
}

/** Services of the server speak with each other in clear on loopback; what they want from a frontend goes to the internal one. */
async function configuration(authority: Authority, { port, postgres, keys }: Ports): Promise<object> {
  const { cert, key } = authority.issue('frontend');
  const service = async (grpcPort: number | null = null) => ({
    rpc: { grpcPort: grpcPort ?? (await freePort()), membershipPort: await freePort(), bindOnLocalHost: true },
  });
  const store = (databaseName: string): object => ({
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: `127.0.0.1:${postgres}`,
      connectProtocol: 'tcp',
      user: 'postgres',
      password: 'secret',
      maxConns: 10,
      maxIdleConns: 10,
    },
  });
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'temporal',
      visibilityStore: 'temporal_visibility',
      numHistoryShards: 4,
      datastores: Object.fromEntries(Object.keys(STORES).map((database) => [database, store(database)])),
    },
    global: {
      membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' },
      tls: {
        frontend: {
          server: { certFile: cert, keyFile: key, requireClientAuth: true, clientCaFiles: [authority.ca] },
          client: { serverName: 'localhost', rootCaFiles: [authority.ca] },
        },
      },
      authorization: {
        jwtKeyProvider: { keySourceURIs: [keys], refreshInterval: REFRESHED },
        permissionsClaimName: 'permissions',
        authorizer: 'default',
        claimMapper: 'default',
      },
    },
    services: Object.fromEntries(
      await Promise.all(SERVICES.map(async (name) => [name, await service(name === 'frontend' ? port : null)])),
    ),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: `127.0.0.1:${port}` },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
  };
}
