/** What a command has open while it answers: configuration and, on demand, the two servers, tried once and closed at the end. */
import { createRuns } from '../../triggers/path/runs.ts';
import { type Config, chosenRegions, loadConfig } from '../config.ts';
import { type NatsServer, connectionTo, natsServers, temporalTargetOf } from '../connect.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { type RegionalPart, regionalLog } from '../../triggers/nats/regional-log.ts';
import { natsAccess } from '../nats-access.ts';
import { type RegionPath, regionPath } from '../region-path.ts';
import { type TemporalClient, connectClient } from '../temporal-connection.ts';

export interface CommonOptions {
  readonly configFile?: string;
  /** Print one JSON document instead of text. */
  readonly json: boolean;
}

export interface Session {
  readonly config: Config;
  log(): Promise<EventLog>;
  temporal(): Promise<TemporalClient>;
  /** The path of each region asked for, all configured ones by default. */
  paths(...regions: readonly (string | undefined)[]): Promise<readonly RegionPath[]>;
  runs(): Promise<ReturnType<typeof createRuns>>;
}

/** Closes what was opened, whatever happens. */
export async function withSession<T>(options: CommonOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const config = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  let log: Promise<EventLog> | undefined;
  let temporal: Promise<TemporalClient> | undefined;
  const session: Session = {
    config,
    log: () => (log ??= openLog(config)),
    temporal: () => (temporal ??= openClient(config)),
    paths: async (...regions) => {
      const opened = await session.log();
      return chosenRegions(config, regions).map((each) => regionPath(each, opened));
    },
    runs: async () => createRuns(await session.temporal()),
  };
  try {
    return await work(session);
  } finally {
    await Promise.allSettled([log?.then((each) => each.close()), temporal?.then((each) => each.close())]);
  }
}

async function openLog(config: Config): Promise<EventLog> {
  const access = natsAccess(config, 'command');
  const connectTo = (server: NatsServer): Promise<EventLog> =>
    connectLog(connectionTo(server, { name: 'tocsin command', access })).catch(unavailable(`NATS at ${server.url}`));
  const servers = natsServers(config);
  const [first] = servers;
  if (servers.length === 1 && first !== undefined) return connectTo(first);
  return regionalLog(await all(servers.map(async (server) => ({ ...server, log: await connectTo(server) }))));
}

/** All of them, or none is left open. */
async function all(opening: readonly Promise<RegionalPart>[]): Promise<readonly RegionalPart[]> {
  try {
    return await Promise.all(opening);
  } catch (error) {
    const opened = await Promise.allSettled(opening);
    await Promise.allSettled(opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value.log.close()] : [])));
    throw error;
  }
}

async function openClient(config: Config): Promise<TemporalClient> {
  const target = temporalTargetOf(config);
  return connectClient(target).catch(unavailable(`Temporal at ${target.connection.address ?? ''}`));
}

const unavailable =
  (what: string) =>
  (error: unknown): never => {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      EXIT.unavailable,
      `${what} does not answer: ${why}. Is it up? (\`npm start\` brings one along.)`,
      error,
    );
  };

/** One document on stdout: JSON for machines, else the text. */
export function output(options: CommonOptions, value: unknown, text: string): void {
  process.stdout.write(options.json ? `${JSON.stringify(value, null, 2)}\n` : `${text}\n`);
}
