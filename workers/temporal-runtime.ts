/** The SDK's process-wide runtime: its logs go to our logger, its metrics to a Prometheus endpoint on loopback, signals stay ours. */
import { Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

export interface RuntimeOptions {
  readonly logger: Logger;
  /** Port of loopback on which the SDK offers its metrics. */
  readonly metricsPort: number;
}

/** Call once per process, before the first connection. */
export function installRuntime({ logger, metricsPort }: RuntimeOptions): void {
  const sdk = logger.child({ part: 'temporal-sdk' });
  Runtime.install({
    logger: {
      log: (level, message, meta) => sdk[BY_DESIGN.test(message) ? 'debug' : LEVELS[level]](meta ?? {}, message),
      trace: (message, meta) => sdk.trace(meta ?? {}, message),
      debug: (message, meta) => sdk.debug(meta ?? {}, message),
      info: (message, meta) => sdk.info(meta ?? {}, message),
      warn: (message, meta) => sdk[BY_DESIGN.test(message) ? 'debug' : 'warn'](meta ?? {}, message),
      error: (message, meta) => sdk.error(meta ?? {}, message),
    },
    // Shutdown has an order (lifecycle.ts); the SDK must not begin it by itself.
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
      metrics: { prometheus: { bindAddress: `127.0.0.1:${metricsPort}`, countersTotalSuffix: true } },
    },
  });
}

/** Each worker here does one thing only, which the SDK takes for a mistake. */
const BY_DESIGN = /^No (activities|workflows) registered/;

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
