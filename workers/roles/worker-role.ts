/** Role `worker`: Temporal workers for the runbooks and for the activities of the regions this process acts in. */
import { join, resolve } from 'node:path';
import { createHttp } from '../../activities/http.ts';
import { createActivities } from '../../activities/index.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { workflowBundle } from '../bundle.ts';
import { durationMs } from '../config.ts';
import { until } from '../connect.ts';
import { effectsInterceptor } from '../red-button/effects-interceptor.ts';
import { startEffectGate } from '../red-button/start-effect-gate.ts';
import type { TemporalConnection } from '../temporal-connection.ts';
import { type WorkerRole, createWorker } from '../worker.ts';
import { type RoleContext, drainMs } from './role-context.ts';

export interface WorkerRoleOptions {
  readonly temporal: TemporalConnection;
  readonly runbooks: boolean;
  readonly regions: readonly string[];
  /** The connection to the events log, if the process has one already; else it is opened in the background. */
  readonly log?: EventLog;
}

export async function startWorkerRole(context: RoleContext, options: WorkerRoleOptions): Promise<void> {
  const { config, logger, lifecycle, health } = context;
  const limits = {
    maxCachedWorkflows: config.worker.maxCachedWorkflows,
    maxActivities: config.worker.maxActivities,
    shutdownGraceMs: durationMs(config.worker.shutdownGrace),
  };
  for (const role of await rolesOf(context, options)) {
    const name = role.kind === 'runbooks' ? 'runbook worker' : `activity worker ${role.region}`;
    const worker = await until(name, { lifecycle, logger }, () => createWorker(options.temporal, role, limits));
    lifecycle.onClose(name, drainMs(config) * 2, () => worker.shutdown());
    health.addCheck(name, () => worker.polling());
    worker.finished.catch((error: unknown) => {
      logger.error({ err: error, part: name }, 'the worker cannot go on; the process ends, so that it is started anew');
      process.exitCode = 1;
      void lifecycle.close(`${name} failed`);
    });
  }
}

async function rolesOf(context: RoleContext, options: WorkerRoleOptions): Promise<WorkerRole[]> {
  const { config, logger } = context;
  const http = createHttp({ allow: config.http.allow });
  const gate = await startEffectGate(context, options.regions, options.log);
  const roles: WorkerRole[] = options.regions.map((region) => {
    const activities = createActivities({ region, services: config.services, http });
    return { kind: 'activities', region, activities, around: [effectsInterceptor({ region, activities, gate })] };
  });
  if (!options.runbooks) return roles;
  const { codePath } = await workflowBundle(join(resolve(config.dataDir), 'cache'), logger);
  return [{ kind: 'runbooks', codePath }, ...roles];
}
