/** A real Temporal development server on loopback, with our search attributes and the settings that make short steps short. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../workflows/kit/run-context.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { type ServerProcess, startServer } from './server-process.ts';

export interface TemporalServerOptions {
  readonly binary: string;
  readonly port: number;
  /** Port of the web UI; null for none. */
  readonly uiPort: number | null;
  readonly dataDir: string;
  readonly namespace: string;
  readonly logFile: string;
  /** Dynamic configuration of the server on top of ours. */
  readonly settings?: DynamicConfig;
}

export type DynamicConfig = Readonly<Record<string, number | string | boolean>>;

/**
 * The dev server has one history shard, and a shard reads its queues at most 20 times a second by default: 50 ms for each step. The
 * other figures only lift throttles that a single box meets early.
 */
const DYNAMIC_CONFIG: DynamicConfig = {
  'history.transferProcessorMaxPollRPS': 1000,
  'history.timerProcessorMaxPollRPS': 1000,
  'history.visibilityProcessorMaxPollRPS': 1000,
  'history.rps': 20000,
  'matching.rps': 20000,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  'frontend.rps': 20000,
  'frontend.namespaceRPS': 20000,
  // The server ends the polls of a worker that says that it ends: a task on its way to it would come back only after its time-out.
  'frontend.enableCancelWorkerPollsOnShutdown': true,
  // A version without runs is seen to be drained after seconds, not after minutes.
  'matching.wv.VersionDrainageStatusVisibilityGracePeriod': '5s',
  'matching.wv.VersionDrainageStatusRefreshInterval': '5s',
};

export interface TemporalServer extends ServerProcess {
  readonly address: string;
  readonly uiUrl: string | null;
}

export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  mkdirSync(options.dataDir, { recursive: true });
  const address = `127.0.0.1:${options.port}`;
  const ports = [{ port: options.port, setting: 'temporal.port or TOCSIN_TEMPORAL_PORT' }];
  if (options.uiPort !== null) ports.push({ port: options.uiPort, setting: 'temporal.uiPort or TOCSIN_UI_PORT' });
  const server = await startServer({
    name: 'temporal',
    command: options.binary,
    args: argumentsOf(options),
    // Less garbage collection in a server that is bound by its processor: about a quarter more runs per second.
    env: { GOGC: '400' },
    logFile: options.logFile,
    ports,
    ready: () => answers(address, options.namespace),
    readyWithinMs: 60_000,
  }).catch((error: unknown) => {
    const hint = `If ${options.dataDir} was written by another version of the server, move it away and start again.`;
    if (error instanceof CommandError && error.exitCode === EXIT.failed)
      throw new CommandError(EXIT.failed, `${error.message}\n${hint}`, error);
    throw error;
  });
  return { ...server, address, uiUrl: options.uiPort === null ? null : `http://127.0.0.1:${options.uiPort}` };
}

const argumentsOf = (options: TemporalServerOptions): string[] =>
  [
    ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(options.port), '--log-level', 'warn'],
    options.uiPort === null
      ? ['--headless']
      : ['--ui-port', String(options.uiPort), '--ui-ip', '127.0.0.1', '--ui-disable-news-fetch'],
    ['--namespace', options.namespace, '--db-filename', join(options.dataDir, 'temporal.db')],
    ['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
    SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    Object.entries({ ...DYNAMIC_CONFIG, ...options.settings }).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${JSON.stringify(value)}`,
    ]),
  ].flat();

/** Ready means: the namespace is there, the task queues answer, and our search attributes are registered. */
async function answers(address: string, namespace: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  try {
    await connection.withDeadline(Date.now() + 2_000, async () => {
      await connection.workflowService.describeNamespace({ namespace });
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      if (SEARCH_ATTRIBUTES.some((name) => !(name in customAttributes)))
        throw new Error('search attributes are still missing');
    });
    return true;
  } finally {
    await connection.close();
  }
}
