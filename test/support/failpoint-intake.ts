/** The intake role under failpoints, as a process of its own. Settings come as one JSON argument; calls are written on exit. */
import { writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import { loadConfig } from '../../workers/config.ts';
import { startHealth } from '../../workers/health.ts';
import { createLifecycle } from '../../workers/lifecycle.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { startIntakeRole } from '../../workers/roles/intake-role.ts';
import { withFailpoints } from './failpoint.ts';
import type { FailpointSettings } from './failpoint-lab.ts';

export interface IntakeSettings {
  readonly configFile: string;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as FailpointSettings & IntakeSettings;
const { region, failpoints, configFile } = settings;
const calls = new Set<string>();
const config = loadConfig({ file: configFile, env: {} });
const logger = pino({ level: 'debug' }, pino.destination({ dest: settings.logFile, sync: true }));
const lifecycle = createLifecycle(logger);
const metrics = createMetrics({ triggers: [], version: '0' });
const health = await startHealth({ ...config.health, registry: metrics.registry, sdkMetricsUrl: '' });
const instance = `failpoint/${process.pid}`;
const log = await connectLog({ servers: settings.natsUrl, name: 'failpoint' });
await startIntakeRole(
  { config, configFile, logger, lifecycle, metrics, health, tracing: null, instance },
  { region, log: withFailpoints('intake', log, failpoints, calls) },
);
health.started();
await lifecycle.closing;
// What was gathered is written while it closes.
await lifecycle.close('done');
writeFileSync(settings.callsFile, JSON.stringify([...calls]));
process.exit(0);
