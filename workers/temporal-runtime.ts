/** The SDK's process-wide runtime: its logs go to our logger, its metrics to a Prometheus endpoint on loopback, signals stay ours. */
import { Runtime } from '@temporalio/worker';
import { type Logger, stdSerializers } from 'pino';

export interface RuntimeOptions {
  readonly logger: Logger;
  /** Port of loopback on which the SDK offers its metrics. */
  readonly metricsPort: number;
}

/** Call once per process, before the first connection. */
export function installRuntime({ logger, metricsPort }: RuntimeOptions): void {
  const sdk = logger.child({ part: 'temporal-sdk' }, { serializers: { error: stdSerializers.err } });
  Runtime.install({
    logger: {
      log: (level, message, meta) => sdk[BY_DESIGN.test(message) ? 'debug' : LEVELS[level]](ours(meta), message),
      trace: (message, meta) => sdk.trace(ours(meta), message),
      debug: (message, meta) => sdk.debug(ours(meta), message),
      info: (message, meta) => sdk.info(ours(meta), message),
      warn: (message, meta) => sdk[BY_DESIGN.test(message) ? 'debug' : 'warn'](ours(meta), message),
      error: (message, meta) => sdk.error(ours(meta), message),
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

/** By the names of our own lines; a task token says nothing to people, and much to who should not have it. */
function ours(meta: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { taskToken: _secret, workflowRunId, ...fields } = meta;
  return workflowRunId === undefined ? fields : { ...fields, runId: workflowRunId };
}
