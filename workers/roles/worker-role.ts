/** Role `worker`: Temporal workers for the runbooks and for the activities of the regions this process acts in. */
import { join, resolve } from 'node:path';
import { createAllowedTarget } from '../../activities/allowed-target.ts';
import { createHttp } from '../../activities/http.ts';
import { createActivities } from '../../activities/index.ts';
import type { Inventory } from '../../activities/inventory/inventory.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { publishSchedule } from '../../triggers/schedules/publish-schedule.ts';
import { createTreatments } from '../../activities/service-treatment.ts';
import { triggers } from '../../triggers/index.ts';
import { workflowBundle } from '../bundle.ts';
import { durationMs } from '../config.ts';
import { until } from '../connect.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { startInventory } from '../inventory/start-inventory.ts';
import { ruleProblems, targetRules } from '../inventory/target-rules.ts';
import { runbookNames } from '../runbooks.ts';
import { createDecisions } from '../../activities/decisions.ts';
import { refusePlans } from '../../activities/refuse-plans.ts';
import { approvalSettings } from '../approvals-schema.ts';
import { limitDefinitions } from '../limits/limits-schema.ts';
import { closeWithProcess, openNotifier } from '../notify/open-notifier.ts';
import { toldNotice } from '../notify/told-notice.ts';
import { openClusters } from '../open-clusters.ts';
import { uiUrlOf } from '../run-link.ts';
import { effectsInterceptor } from '../red-button/effects-interceptor.ts';
import { startEffectGate } from '../red-button/start-effect-gate.ts';
import type { TemporalConnection } from '../temporal-connection.ts';
import { type WorkerRole, createWorker } from '../worker.ts';
import { type RoleContext, drainMs } from './role-context.ts';

export interface WorkerRoleOptions {
  readonly temporal: TemporalConnection;
  /** Schedules publish through it, and the red button is read from it. */
  readonly log: EventLog;
  readonly runbooks: boolean;
  readonly regions: readonly string[];
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
    const worker = await until(name, { lifecycle, logger }, () =>
      createWorker(options.temporal, role, limits, context.tracing?.worker),
    );
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
  const inventory = startInventory(context);
  const roles = options.regions.length === 0 ? [] : await activityRoles(context, inventory, options);
  if (!options.runbooks) return roles;
  const { codePath } = await workflowBundle(join(resolve(config.dataDir), 'cache'), logger, {
    encodeFailures: config.encryption !== undefined,
  });
  const notifier = openNotifier(context, logger.child({ part: 'notifier' }));
  closeWithProcess(context.lifecycle, notifier);
  const uiUrl = uiUrlOf(config);
  const decisions = createDecisions({
    publishSchedule: ({ names, due }) => publishSchedule(options.log, names, due, new Date().toISOString()),
    approvals: approvalSettings(config.approvals),
    limits: {
      client: options.temporal.client,
      definitions: limitDefinitions(config.limits),
      countTargets: (selector) => inventory.size(selector),
    },
    tell: (notice, run) => notifier.notify(toldNotice(notice, run, uiUrl)),
  });
  return [{ kind: 'runbooks', codePath, decisions }, ...roles];
}

async function activityRoles(
  context: RoleContext,
  inventory: Inventory,
  { regions, log }: WorkerRoleOptions,
): Promise<WorkerRole[]> {
  const { config } = context;
  const problems = ruleProblems(config.inventory, { triggers, runbooks: runbookNames() });
  if (problems.length > 0) throw new CommandError(EXIT.refused, problems.join('\n'));
  const rules = targetRules(config.inventory, triggers);
  const shared = {
    http: createHttp({ allow: config.http.allow }),
    treatmentOf: createTreatments(config.services, config.inventory.treatments),
    clusters: openClusters(config),
  };
  const gate = await startEffectGate(context, regions, log);
  return regions.map((region) => {
    const allowedTarget = createAllowedTarget({ region, inventory, rules });
    const activities = refusePlans(createActivities({ ...shared, allowedTarget }));
    return { kind: 'activities', region, activities, around: [effectsInterceptor({ region, activities, gate })] };
  });
}
