/** A real PostgreSQL (Debian's) for one test file: own port, own data, stopped by its pid. It refuses to run as root, so root runs it as `postgres`. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Certificate } from './certificates.ts';
import { type ServerProcess, freePort, startServer } from '../../workers/servers/server-process.ts';

const DEBIAN = '/usr/lib/postgresql';
const AS_POSTGRES = ['--reuid=postgres', '--regid=postgres', '--clear-groups', '--pdeathsig=KILL', '--'];
const asRoot = process.getuid?.() === 0;

const binaries: string | undefined = existsSync(DEBIAN)
  ? readdirSync(DEBIAN)
      .toSorted((a, b) => Number(b) - Number(a))
      .map((version) => join(DEBIAN, version, 'bin'))
      .find((dir) => existsSync(join(dir, 'postgres')) && existsSync(join(dir, 'initdb')))
  : undefined;

/** A reason to skip when it is not installed, else false. */
export const lacksPostgres: string | false = binaries === undefined ? 'postgresql (Debian) is not installed' : false;

export interface Postgres {
  readonly port: number;
  readonly dir: string;
  /** Address for a role; `postgres` is the superuser. */
  url(user: string, database?: string): string;
  /** A session that stays open until `stop`, unless it is ended before. */
  open(user: string, application?: string): Promise<Client>;
  /** Lines of the server's own log. */
  log(): string;
  /** Of its first process: to pause it, or to have it read its settings again. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGHUP'): void;
  /** It is away, and every session with it, until it is started again. */
  kill(): Promise<void>;
  /** On the same port with the same data. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Makes a certificate in this folder; with it the server speaks TLS to those who want it. */
  readonly tls?: (dir: string) => Certificate;
  /** Makes the data directory; default: initdb. */
  readonly make?: (dir: string, run: (program: string, ...args: string[]) => void) => void;
}

/** Roles `app` and `watcher` (pg_monitor, pg_signal_backend), database `shop` with table `stock`. Everybody on loopback is let in. */
export async function startPostgres({ tls, make }: PostgresOptions = {}): Promise<Postgres> {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-postgres-'));
  if (asRoot) execFileSync('chown', ['postgres:postgres', dir]);
  const [data, port] = [join(dir, 'data'), await freePort()];
  const run = (program: string, ...args: string[]): void => {
    const [command = '', ...rest] = commandFor(program, args);
    const { status, stderr } = spawnSync(command, rest, { encoding: 'utf8', cwd: dir });
    if (status !== 0) throw new Error(`${program} exited with ${status}: ${stderr.slice(-500)}`);
  };
  if (make === undefined) run('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8');
  else make(data, run);
  appendFileSync(
    join(data, 'postgresql.conf'),
    [
      `port = ${port}`,
      "listen_addresses = '127.0.0.1'",
      "unix_socket_directories = ''",
      'fsync = off',
      'max_prepared_transactions = 5',
      ...(tls === undefined ? [] : tlsSettings(tls(dir), data)),
      '',
    ].join('\n'),
  );
  const [command = '', ...args] = commandFor('postgres', ['-D', data]);
  const url = (user: string, database = 'shop'): string => `postgres://${user}:secret@127.0.0.1:${port}/${database}`;
  const sessions: Client[] = [];
  const open = async (user: string, application = 'test'): Promise<Client> => {
    const client = new Client({ connectionString: url(user), application_name: application });
    client.on('error', () => undefined);
    sessions.push(client);
    await client.connect();
    return client;
  };
  const logFile = join(dir, 'postgres.log');
  const begin = (): Promise<ServerProcess> =>
    startServer({
      name: 'postgres',
      command,
      args,
      logFile,
      ports: [],
      ready: () => answers(url('postgres', 'postgres')),
      readyWithinMs: 30_000,
    });
  let server = await begin();
  const kill = async (): Promise<void> => {
    // Its fast end: sessions are ended, not waited for.
    process.kill(server.pid, 'SIGINT');
    await server.stop();
  };
  if (make === undefined) await seed(url('postgres', 'postgres'), url('postgres'));
  const stop = async (): Promise<void> => {
    await Promise.all(sessions.map((client) => client.end().catch(() => undefined)));
    await kill();
    rmSync(dir, { recursive: true, force: true });
  };
  return {
    port,
    dir,
    url,
    open,
    log: () => readFileSync(logFile, 'utf8'),
    signal: (signal) => void process.kill(server.pid, signal),
    kill,
    start: async () => {
      server = await begin();
    },
    stop,
  };
}

/** The server wants a key that is its own and nobody else may read. */
function tlsSettings({ cert, key }: Certificate, data: string): string[] {
  const [ownCert, ownKey] = [join(data, 'server.pem'), join(data, 'server.key')];
  copyFileSync(cert, ownCert);
  copyFileSync(key, ownKey);
  chmodSync(ownKey, 0o600);
  if (asRoot) execFileSync('chown', ['postgres:postgres', ownCert, ownKey]);
  return ['ssl = on', `ssl_cert_file = '${ownCert}'`, `ssl_key_file = '${ownKey}'`];
}

function commandFor(program: string, args: readonly string[]): string[] {
  const path = join(binaries ?? '', program);
  return asRoot ? ['/usr/bin/setpriv', ...AS_POSTGRES, path, ...args] : [path, ...args];
}

const answers = (connectionString: string): Promise<boolean> => once(connectionString, 'select 1').then(() => true);

async function seed(first: string, shop: string): Promise<void> {
  await once(
    first,
    "create role app login password 'secret'",
    "create role watcher login password 'secret'",
    "create role copier login replication password 'secret'",
    'grant pg_monitor, pg_signal_backend to watcher',
    'create database shop owner app',
  );
  await once(
    shop,
    'create table stock (id int primary key, amount int not null)',
    'insert into stock select n, 100 from generate_series(1, 20) n',
    'alter table stock owner to app',
  );
}

async function once(connectionString: string, ...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end().catch(() => undefined);
  }
}
