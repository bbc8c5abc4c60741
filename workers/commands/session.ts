/** What a command has open while it answers: configuration and, on demand, the servers, each tried once and closed at the end. */
import { createRuns } from '../../triggers/path/runs.ts';
import { type Config, chosenRegions, loadConfig } from '../config.ts';
import { type NatsServer, connectionTo, natsServers, temporalTargetOf } from '../connect.ts';
import { notConnected } from '../failure-of.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { regionalLog } from '../../triggers/nats/regional-log.ts';
import { natsAccess } from '../nats-access.ts';
import { type RegionPath, regionPath } from '../region-path.ts';
import { type TemporalClient, connectClient } from '../temporal-connection.ts';
import { type TemporalRefused, refusalOf } from '../temporal-refusal.ts';
import { type RegionAnswers, askEach, readEach } from './region-answers.ts';

export interface CommonOptions {
  readonly configFile?: string;
  /** Print one JSON document instead of text. */
  readonly json: boolean;
}

export interface Session {
  readonly config: Config;
  /** The log of the regions asked for, all configured ones by default. Rejects when the server of one of them is away. */
  log(...regions: readonly (string | undefined)[]): Promise<EventLog>;
  temporal(): Promise<TemporalClient>;
  /** The path of each region asked for, all configured ones by default. Rejects when the server of one of them is away. */
  paths(...regions: readonly (string | undefined)[]): Promise<readonly RegionPath[]>;
  /** The same work in each region by itself: a server that is away concerns its own regions only. Rejects only unknown regions. */
  inEach<T>(
    regions: readonly (string | undefined)[],
    work: (path: RegionPath) => Promise<T>,
  ): Promise<RegionAnswers<T>>;
  /** The same for work that may be long: reading what a region has stored. */
  readEach<T>(
    regions: readonly (string | undefined)[],
    work: (path: RegionPath) => Promise<T>,
  ): Promise<RegionAnswers<T>>;
  runs(): Promise<ReturnType<typeof createRuns>>;
  /** Whether an error means that Temporal does not let us do it, which is not mended by waiting. */
  refusal(error: unknown): TemporalRefused | null;
}

/** Closes what was opened, whatever happens. */
export async function withSession<T>(options: CommonOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const config = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  const logs = new Logs(config);
  let temporal: Promise<TemporalClient> | undefined;
  const pathOf = async (region: string): Promise<RegionPath> => regionPath(region, await logs.of([region]));
  // What a region asks Temporal may be refused there as well.
  const explained = <Answer>({ found, missing }: RegionAnswers<Answer>): RegionAnswers<Answer> => ({
    found,
    missing: missing.map(({ region, error }) => ({ region, error: session.refusal(error) ?? error })),
  });
  const session: Session = {
    config,
    log: async (...regions) => logs.of(chosenRegions(config, regions)),
    temporal: () => (temporal ??= openClient(config)),
    paths: async (...regions) => Promise.all(chosenRegions(config, regions).map(pathOf)),
    inEach: async (regions, each) =>
      explained(await askEach(chosenRegions(config, regions), async (region) => each(await pathOf(region)))),
    readEach: async (regions, each) => explained(await readEach(chosenRegions(config, regions), pathOf, each)),
    runs: async () => createRuns(await session.temporal()),
    refusal: (error) => (temporal === undefined ? null : refusalOf(error, temporalTargetOf(config))),
  };
  try {
    return await work(session);
  } catch (error) {
    throw session.refusal(error) ?? error;
  } finally {
    await Promise.allSettled([logs.close(), temporal?.then((each) => each.close())]);
  }
}

/** Each server is connected when its first region is asked for. */
class Logs {
  readonly #config: Config;
  readonly #open = new Map<string, Promise<EventLog>>();

  constructor(config: Config) {
    this.#config = config;
  }

  async of(regions: readonly string[]): Promise<EventLog> {
    const servers = natsServers(this.#config, regions);
    const parts = await Promise.all(servers.map(async (server) => ({ ...server, log: await this.#at(server) })));
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only.log : regionalLog(parts);
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#open.values()].map(async (log) => (await log).close()));
  }

  #at(server: NatsServer): Promise<EventLog> {
    const key = JSON.stringify([server.url, server.domain]);
    const open = this.#open.get(key) ?? connectTo(server, this.#config);
    this.#open.set(key, open);
    return open;
  }
}

async function connectTo(server: NatsServer, config: Config): Promise<EventLog> {
  const access = natsAccess(config, 'command');
  return connectLog(connectionTo(server, { name: 'tocsin command', access })).catch(thrown(`NATS at ${server.url}`));
}

async function openClient(config: Config): Promise<TemporalClient> {
  const target = temporalTargetOf(config);
  return connectClient(target).catch(thrown(`Temporal at ${target.connection.address ?? ''}`));
}

const thrown =
  (what: string) =>
  (error: unknown): never => {
    throw notConnected(what, error);
  };

/** One document on stdout: JSON for machines, else the text. */
export function output(options: CommonOptions, value: unknown, text: string): void {
  process.stdout.write(options.json ? `${JSON.stringify(value, null, 2)}\n` : `${text}\n`);
}
