/** Connections of a process to its two servers, waiting for those that are not up yet: processes may be started in any order. */
import type { Logger } from 'pino';
import { connectLog } from '../triggers/nats/nats-log.ts';
import type { EventLog } from '../triggers/nats/port.ts';
import { tracedLog } from '../triggers/nats/traced-log.ts';
import type { Config } from './config.ts';
import { dataConverterOf } from './encryption/data-converter.ts';
import { CommandError, EXIT } from './exit-code.ts';
import { pause } from '../triggers/path/pause.ts';
import type { Lifecycle } from './lifecycle.ts';
import { type NatsRole, natsAccess } from './nats-access.ts';
import {
  type TemporalConnection,
  type TemporalTarget,
  connectTemporal,
  temporalTarget,
} from './temporal-connection.ts';
import type { Tracing } from './tracing.ts';

export interface Waiting {
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  /** Try once only, and reject with exit code 3: what a command wants that answers a question. */
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

export const temporalTargetOf = (config: Config): TemporalTarget => ({
  ...temporalTarget({ address: `127.0.0.1:${config.temporal.port}`, namespace: config.temporal.namespace }),
  dataConverter: dataConverterOf(config),
});

export async function openLog(config: Config, role: NatsRole, name: string, waiting: Waiting): Promise<EventLog> {
  const { url } = natsTarget(config);
  const access = natsAccess(config, role);
  const log = await until(`NATS at ${url}`, waiting, () => connectLog({ servers: url, name, access }));
  waiting.lifecycle.onClose('NATS connection', 6_000, () => log.close());
  void log.closed().then(() => {
    if (waiting.lifecycle.signal.aborted) return;
    // Nothing rebuilds it: the process ends, so that it is started anew.
    waiting.logger.error('the NATS connection is closed for good');
    process.exitCode = EXIT.unavailable;
    return waiting.lifecycle.close('the NATS connection is closed');
  });
  return waiting.tracing == null ? log : tracedLog(log);
}

export async function openTemporal(config: Config, waiting: Waiting): Promise<TemporalConnection> {
  const target = temporalTargetOf(config);
  const temporal = await until(`Temporal at ${target.connection.address ?? ''}`, waiting, () =>
    connectTemporal(target, waiting.tracing?.clientInterceptors),
  );
  waiting.lifecycle.onClose('Temporal connection', 5_000, () => temporal.close());
  return temporal;
}

/** Repeat until it succeeds or the process is closing. */
export async function until<T>(what: string, waiting: Waiting, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof CommandError) throw error;
      if (waiting.once === true)
        throw new CommandError(EXIT.unavailable, `${what} does not answer: ${messageOf(error)}`, error);
      if (tries % REPORT_EVERY === 0) waiting.logger.warn({ err: error }, `waiting for ${what}`);
      await pause(RETRY_MS, waiting.lifecycle.signal);
      if (waiting.lifecycle.signal.aborted)
        throw new CommandError(EXIT.unavailable, `closed while waiting for ${what}`);
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
