/** What every role of a process shares: opened once, closed by the lifecycle in reverse order. */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { zoneDataSource } from '../../activities/calendar/zone-data.ts';
import { type Config, configPath, durationMs } from '../config.ts';
import { type Health, startHealth } from '../health.ts';
import { type Lifecycle, createLifecycle } from '../lifecycle.ts';
import { createLogger } from '../logger.ts';
import { type Metrics, createMetrics } from '../metrics.ts';
import { packageVersion } from '../package-version.ts';
import { freePort } from '../servers/server-process.ts';
import { installRuntime } from '../temporal-runtime.ts';
import { type Tracing, startTracing } from '../tracing.ts';
import { watchZoneData } from '../zone-data-watch.ts';
import { project } from '../project.ts';

export interface RoleContext {
  readonly config: Config;
  /** Where it was read; null when there was no file. */
  readonly configFile: string | null;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Null unless the environment asks for traces. */
  readonly tracing: Tracing | null;
  /** Host and process, as records and connection lists show it. */
  readonly instance: string;
}

export interface RoleFiles {
  readonly configFile?: string | undefined;
  readonly logFile?: string;
}

export async function openRoleContext(config: Config, { configFile, logFile }: RoleFiles = {}): Promise<RoleContext> {
  const logger = createLogger({ level: config.log.level, ...(logFile === undefined ? {} : { file: logFile }) });
  const lifecycle = createLifecycle(logger);
  const metrics = createMetrics({
    triggers: project.triggers.map(({ id }) => id),
    version: packageVersion(),
  });
  const zoneData = watchZoneData({
    zones: zoneDataSource({ env: process.env }),
    version: packageVersion(),
    logger,
    onRelease: metrics.zoneData,
  });
  lifecycle.onClose('zone data', 1_000, () => Promise.resolve(zoneData.close()));
  const { host, port } = config.health;
  // Any free port of loopback: `/metrics` includes what is offered there.
  const metricsPort = await freePort();
  installRuntime({ logger, metricsPort });
  const health = await startHealth({
    host,
    port,
    registry: metrics.registry,
    sdkMetricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
  });
  lifecycle.onClose('health', 2_000, () => health.close());
  const instance = `${hostname()}/${process.pid}`;
  const tracing = await startTracing(instance, process.env);
  // Opened before everything else, so closed after it: the last spans are sent as well.
  if (tracing !== null) lifecycle.onClose('traces', 6_000, () => tracing.close());
  const path = configPath(configFile === undefined ? {} : { file: configFile });
  return { config, configFile: existsSync(path) ? path : null, logger, lifecycle, metrics, health, tracing, instance };
}

/** Bound on closing what has work in progress. */
export const drainMs = (config: Config): number => durationMs(config.worker.shutdownGrace);
