/**
 * A whole installation for one test file: real servers, a real sick service, and roles as processes of their own that can be killed.
 * Everything is ended by `stop`, by pid, however the test ends.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { type AuditReport, audit } from '../../triggers/path/audit.ts';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import type { Runs } from '../../triggers/path/ports.ts';
import { createRuns } from '../../triggers/path/runs.ts';
import { type Config, loadConfig } from '../../workers/config.ts';
import { type DemoService, startDemoService } from '../../workers/demo/supervisor.ts';
import { dataConverterOf } from '../../workers/encryption/data-converter.ts';
import type { Readiness } from '../../workers/health.ts';
import { topologyOf } from '../../workers/provision.ts';
import { type RegionPath, regionPath } from '../../workers/region-path.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import type { DynamicConfig } from '../../workers/servers/temporal-server.ts';
import { shareBundles } from './bundles.ts';
import { type TestServers, startTestServers } from './servers.ts';
import { tocsinProcess } from './tocsin-process.ts';
import { until } from './until.ts';

export interface RoleProcess {
  readonly pid: number;
  readonly metricsUrl: string;
  ready(): Promise<boolean>;
  /** What `/readyz` says. */
  readiness(): Promise<Readiness>;
  /** Resolves to how it ended, with the last of its output. */
  readonly ended: Promise<string>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface LogLine {
  /** `intake`, `trigger` or `worker`. */
  readonly role: string;
  readonly level: number;
  readonly time: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface Installation {
  readonly servers: TestServers;
  readonly config: Config;
  readonly region: string;
  readonly log: EventLog;
  readonly path: RegionPath;
  readonly client: Client;
  readonly runs: Runs;
  readonly service: DemoService;
  /** Environment with which a command or role reaches these servers. */
  readonly env: NodeJS.ProcessEnv;
  /** `tocsin <args>` as a process; resolves at once. */
  startRole(...args: string[]): Promise<RoleProcess>;
  /** The same, resolved when it is ready. */
  startReady(...args: string[]): Promise<RoleProcess>;
  /** What the roles have logged up to now, each in its own order. */
  logLines(): readonly LogLine[];
  records(): Promise<EventRecord[]>;
  audit(): Promise<AuditReport>;
  stop(): Promise<void>;
}

export interface InstallationOptions {
  readonly duplicateWindow?: string;
  readonly reorderBound?: string;
  readonly ackWait?: string;
  readonly ui?: boolean;
  readonly stubborn?: boolean;
  /** More environment for the roles. */
  readonly env?: Readonly<Record<string, string>>;
  /** Sections of the configuration that replace those of the installation. */
  readonly config?: (service: DemoService) => object;
  /** Default: hardly any time, because tests make the same alert fire again and again. */
  readonly loopsWithin?: string;
  /** Dynamic configuration of Temporal on top of ours. */
  readonly temporalSettings?: DynamicConfig;
  readonly redButton?: { readonly failClosedAfter?: string };
}

const ROOT = join(import.meta.dirname, '../..');
const SERVICE = 'checkout';
const LAST_CHARS = 2_000;

export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const servers = await startTestServers({
    nats: true,
    temporal: true,
    ui: options.ui === true,
    ...(options.temporalSettings === undefined ? {} : { temporalSettings: options.temporalSettings }),
  });
  const region = 'eu';
  const service = await startDemoService({
    name: SERVICE,
    region,
    dir: join(servers.dir, 'demo'),
    port: await freePort(),
    stubborn: options.stubborn === true,
  });
  shareBundles(join(servers.dir, 'data'));
  const file = join(servers.dir, 'tocsin.yaml');
  const { duplicateWindow = '100ms', reorderBound = '1s', ackWait = '3s' } = options;
  writeFileSync(
    file,
    stringify({
      dataDir: join(servers.dir, 'data'),
      regions: [region],
      nats: { duplicateWindow },
      trigger: { reorderBound, ackWait },
      sweeper: { every: '1s' },
      loops: { within: options.loopsWithin ?? '1 ms' },
      limits: [{ name: 'drain-per-pool', scope: 'label:pool', slots: 1 }],
      ...(options.redButton === undefined ? {} : { redButton: options.redButton }),
      services: [service.target],
      http: { allow: [{ origin: service.origin, private: true }] },
      ...options.config?.(service),
    }),
  );
  const env = {
    ...process.env,
    TOCSIN_CONFIG: file,
    NATS_URL: servers.natsUrl,
    TEMPORAL_ADDRESS: servers.temporalAddress,
    ...options.env,
  };
  const config = loadConfig({ file, env: {} });
  const log = await connectLog({ servers: servers.natsUrl, name: 'test' });
  await log.ensureTopology(topologyOf(config), true);
  const connection = await Connection.connect({ address: servers.temporalAddress });
  const dataConverter = dataConverterOf(config, env);
  const client = new Client({
    connection,
    namespace: servers.namespace,
    ...(dataConverter === undefined ? {} : { dataConverter }),
  });
  const runs = createRuns({ client, namespace: servers.namespace });
  const path = regionPath(region, log);
  const roles = new Set<RoleProcess>();

  const startRole = async (...args: string[]): Promise<RoleProcess> => {
    const role = await spawnRole(args, env, servers.dir);
    roles.add(role);
    return role;
  };
  return {
    servers,
    config,
    region,
    log,
    path,
    client,
    runs,
    service,
    env,
    startRole,
    startReady: async (...args) => {
      const role = await startRole(...args);
      const name = `tocsin ${args.join(' ')}`;
      const ready = until(`${name} is ready`, () => role.ready());
      await Promise.race([ready, role.ended.then((how) => assert.fail(`${name} ended: ${how}`))]);
      return role;
    },
    logLines: () => readLogs(servers.dir),
    records: async () => {
      const found: EventRecord[] = [];
      for await (const record of path.ledger.read({})) if (record.kind === 'event') found.push(record);
      return found;
    },
    audit: () => audit({ ...path, runs, since: 0, repair: false, instance: 'test' }),
    stop: async () => {
      await Promise.all([...roles].map((role) => role.kill()));
      await service.close();
      await log.close().catch(() => undefined);
      await connection.close().catch(() => undefined);
      await servers.stopAll();
    },
  };
}

const readLogs = (dir: string): LogLine[] =>
  readdirSync(dir)
    .filter((file) => /^(intake|trigger|worker).*\.log$/.test(file))
    .flatMap((file) =>
      readFileSync(join(dir, file), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map(
          (line) => ({ ...(JSON.parse(line) as Omit<LogLine, 'role'>), role: file.split('-', 1)[0] ?? '' }) as LogLine,
        ),
    );

/** `tocsin <args>` as a process of its own; resolves at once. Its output goes to a file in `dir`. */
export async function spawnRole(args: readonly string[], env: NodeJS.ProcessEnv, dir: string): Promise<RoleProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, tocsinProcess(...args), {
    cwd: ROOT,
    env: { ...env, TOCSIN_HEALTH_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const logFile = join(dir, `${args.join('-')}-${child.pid ?? 0}.log`);
  const output = createWriteStream(logFile);
  child.stdout.pipe(output);
  child.stderr.pipe(output);
  return {
    pid: child.pid ?? -1,
    metricsUrl: `http://127.0.0.1:${port}/metrics`,
    ready: async () => {
      const response = await askReady(port);
      await response.arrayBuffer();
      return response.status === 200;
    },
    readiness: async () => (await (await askReady(port)).json()) as Readiness,
    ended: once(child, 'close').then(([code, signal]) => {
      const said = existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-LAST_CHARS) : '';
      return `${String(signal ?? code)}\n${said}`;
    }),
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
  };
}

const askReady = (port: number): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(3_000) });

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
