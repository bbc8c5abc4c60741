/** Connections of a process to its two servers, waiting for those that are not up yet: processes may be started in any order. */
import type { Logger } from 'pino';
import { type ConnectLogOptions, connectLog } from '../triggers/nats/nats-log.ts';
import type { EventLog } from '../triggers/nats/port.ts';
import { type RegionalPart, regionalLog } from '../triggers/nats/regional-log.ts';
import { tracedLog } from '../triggers/nats/traced-log.ts';
import type { Config } from './config.ts';
import { dataConverterOf } from './encryption/data-converter.ts';
import { CommandError, EXIT } from './exit-code.ts';
import { pause } from '../triggers/path/pause.ts';
import { notConnected } from './failure-of.ts';
import type { Lifecycle } from './lifecycle.ts';
import { type NatsRole, natsAccess } from './nats-access.ts';
import {
  type TemporalConnection,
  type TemporalTarget,
  connectTemporal,
  temporalTarget,
} from './temporal-connection.ts';
import { refusalOf } from './temporal-refusal.ts';
import { proveRights } from './temporal-rights.ts';
import { regionOf } from './regions.ts';
import type { Tracing } from './tracing.ts';

export interface Waiting {
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  /** Try once only, and reject: what a command wants that answers a question. */
  readonly once?: boolean;
  /** Events carry their trace, when there is one. */
  readonly tracing?: Tracing | null;
}

const RETRY_MS = 1_000;
const REPORT_EVERY = 15;

export const natsTarget = (
  config: Config,
  env = process.env,
): { readonly url: string; readonly external: boolean } => ({
  url: env['NATS_URL'] ?? `nats://127.0.0.1:${config.nats.port}`,
  external: env['NATS_URL'] !== undefined,
});

/** Whether a region stores where no address is given: on the server that is brought along. */
export const needsEmbeddedNats = (config: Config, env = process.env): boolean =>
  !natsTarget(config, env).external && config.places.some(({ natsUrl }) => natsUrl === null);

/** As its settings stand now. */
const temporalSettings = ({ temporal: { port, namespace } }: Config): TemporalTarget =>
  temporalTarget({ address: `127.0.0.1:${port}`, namespace });

export const temporalTargetOf = (config: Config): TemporalTarget => ({
  ...temporalSettings(config),
  dataConverter: dataConverterOf(config),
});

/** The servers of these regions, each with the regions it stores for. */
export function natsServers(config: Config, regions: readonly string[] = config.regions): readonly NatsServer[] {
  const servers = new Map<string, NatsServer & { readonly regions: string[] }>();
  for (const region of regions) {
    const { natsUrl, natsDomain } = regionOf(config, region);
    const url = natsUrl ?? natsTarget(config).url;
    const key = JSON.stringify([url, natsDomain]);
    const server = servers.get(key) ?? { url, domain: natsDomain, regions: [] };
    server.regions.push(region);
    servers.set(key, server);
  }
  return [...servers.values()];
}

export interface NatsServer {
  readonly url: string;
  readonly domain: string | null;
  readonly regions: readonly string[];
}

/** The log of these regions (default: all), whether they share a server or not. Waits for every server of theirs. */
export async function openLog(
  config: Config,
  role: NatsRole,
  name: string,
  waiting: Waiting,
  regions: readonly string[] = config.regions,
): Promise<EventLog> {
  const access = natsAccess(config, role);
  const connectTo = (server: NatsServer): Promise<EventLog> =>
    until(`NATS at ${server.url}`, waiting, () =>
      connectLog(connectionTo(server, { name, access, lingers: role === 'trigger' })),
    );
  const servers = natsServers(config, regions);
  const logs = await Promise.all(servers.map((server) => openOne(server, connectTo, waiting)));
  const [only] = logs;
  const log = logs.length === 1 && only !== undefined ? only.log : regionalLog(logs);
  return waiting.tracing == null ? log : tracedLog(log);
}

export const connectionTo = (
  { url, domain }: NatsServer,
  rest: Omit<ConnectLogOptions, 'servers' | 'domain'>,
): ConnectLogOptions => ({ ...rest, servers: url, ...(domain === null ? {} : { domain }) });

async function openOne(
  server: NatsServer,
  connectTo: (server: NatsServer) => Promise<EventLog>,
  waiting: Waiting,
): Promise<RegionalPart> {
  const log = await connectTo(server);
  waiting.lifecycle.onClose('NATS connection', 6_000, () => log.close());
  void log.closed().then(() => {
    if (waiting.lifecycle.signal.aborted) return;
    // Nothing rebuilds it: the process ends, so that it is started anew.
    waiting.logger.error('the NATS connection is closed for good');
    process.exitCode = EXIT.unavailable;
    return waiting.lifecycle.close('the NATS connection is closed');
  });
  return { regions: server.regions, log };
}

/** Of a process that stays. */
export interface RoleConnection extends TemporalConnection {
  /** With what it was connected. */
  readonly target: TemporalTarget;
  /** What would be connected with now; throws when it cannot be read. */
  readonly settings: () => TemporalTarget;
}

/** Waits for a server that is away, and not for one that refuses us: a role that may do nothing ends, so that somebody looks. */
export async function openTemporal(config: Config, waiting: Waiting): Promise<RoleConnection> {
  const target = temporalTargetOf(config);
  const temporal = await until(`Temporal at ${target.connection.address ?? ''}`, waiting, async () => {
    const connected = await connectTemporal(target, waiting.tracing?.clientInterceptors);
    await proveRights(connected).catch(async (error: unknown) => {
      await connected.close();
      throw refusalOf(error, target) ?? error;
    });
    return connected;
  });
  waiting.lifecycle.onClose('Temporal connection', 5_000, () => temporal.close());
  return { ...temporal, target, settings: () => temporalSettings(config) };
}

/** Repeat until it succeeds or the process is closing. */
export async function until<T>(what: string, waiting: Waiting, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof CommandError) throw error;
      if (waiting.once === true) throw notConnected(what, error);
      if (tries % REPORT_EVERY === 0) waiting.logger.warn({ err: error }, `waiting for ${what}`);
      await pause(RETRY_MS, waiting.lifecycle.signal);
      if (waiting.lifecycle.signal.aborted)
        throw new CommandError(EXIT.unavailable, `closed while waiting for ${what}`);
    }
  }
}
