/** Role `worker`: Temporal workers for the runbooks and for the activities of the regions this process acts in. */
import { join, resolve } from 'node:path';
import { createAllowedTarget } from '../../activities/allowed-target.ts';
import { createHttp } from '../../activities/http.ts';
import type { Inventory } from '../../activities/inventory/inventory.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { createOperatorLog } from '../../triggers/path/operator-log.ts';
import { publishSchedule } from '../../triggers/schedules/publish-schedule.ts';
import { createTreatments } from '../../activities/service-treatment.ts';
import { workflowBundle } from '../bundle.ts';
import { durationMs } from '../config.ts';
import { openLog, until } from '../connect.ts';
import { diskDefinitions } from '../disks-schema.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { startInventory } from '../inventory/start-inventory.ts';
import { ruleProblems, targetRules } from '../inventory/target-rules.ts';
import { listProblems, runbookNames } from '../front-door.ts';
import { createDatabases } from '../../activities/postgres/databases.ts';
import { createDecisions } from '../../activities/decisions.ts';
import { refusePlans } from '../../activities/refuse-plans.ts';
import { createApprovalRing } from '../approval-ring.ts';
import { regionOf, standsInFor } from '../regions.ts';
import { limitDefinitions } from '../limits/limits-schema.ts';
import { configuredDatabases } from '../configured-databases.ts';
import { monitoringServers } from '../monitoring-servers.ts';
import { closeWithProcess, openNotifier } from '../notify/open-notifier.ts';
import { toldNotice } from '../notify/told-notice.ts';
import { regionOfAct } from '../record-act.ts';
import { createRefusedAnswers } from '../refused-answers.ts';
import { openClusters } from '../open-clusters.ts';
import { uiUrlOf } from '../run-link.ts';
import { effectsInterceptor } from '../red-button/effects-interceptor.ts';
import { startEffectGate } from '../red-button/start-effect-gate.ts';
import { openSsh } from '../open-ssh.ts';
import type { TemporalAccess } from '../temporal-access.ts';
import type { TemporalConnection } from '../temporal-connection.ts';
import { workerVersion } from '../versions/worker-version.ts';
import { configuredWindows } from '../windows/windows-config.ts';
import { type WorkerRole, createWorker } from '../worker.ts';
import { type RoleContext, drainMs } from './role-context.ts';
import { project } from '../project.ts';
import { activityProblems } from '../registered-activities.ts';

/** For the process to end by itself, with its log written. */
const LEFT_OPEN_MS = 2_000;

export interface WorkerRoleOptions {
  readonly temporal: TemporalConnection;
  readonly access: TemporalAccess;
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
    version: workerVersion(config),
  };
  if (limits.version !== undefined)
    logger.info(
      limits.version.version,
      'these workers take no run until their version is promoted: `tocsin versions list`',
    );
  for (const role of await rolesOf(context, options)) {
    const name = role.kind === 'runbooks' ? 'runbook worker' : `activity worker ${role.region}`;
    const worker = await until(name, { lifecycle, logger }, () =>
      createWorker(options.temporal, role, limits, context.tracing?.worker),
    );
    lifecycle.onClose(name, drainMs(config) * 2, () => worker.shutdown());
    health.addCheck(name, () => worker.polling(), options.access.refused);
    worker.finished.catch((error: unknown) => endWithout(context, options.access, name, error));
  }
}

/** In order, with the reason as its last line. */
function endWithout({ logger, lifecycle }: RoleContext, access: TemporalAccess, name: string, error: unknown): void {
  const ending = lifecycle.signal.aborted;
  logger.error({ err: error, part: name }, 'the worker cannot go on; the process ends, so that it is started anew');
  process.exitCode = EXIT.failed;
  const closed = lifecycle.close(`${name} failed`);
  if (ending) return;
  const why = access.refused() ?? (error instanceof Error ? error.message : String(error));
  void closed.then(() => {
    logger.error({ part: name }, `ended, because the ${name} could not go on: ${why}`);
    // What the SDK has left open must not keep a process that does nothing any more.
    setTimeout(() => process.exit(), LEFT_OPEN_MS).unref();
  });
}

async function rolesOf(context: RoleContext, options: WorkerRoleOptions): Promise<WorkerRole[]> {
  const { config, logger } = context;
  const inventory = startInventory(context);
  const roles = options.regions.length === 0 ? [] : await activityRoles(context, inventory, options);
  if (!options.runbooks) return roles;
  const { codePath, broken } = await workflowBundle(join(resolve(config.dataDir), 'cache'), logger, {
    encodeFailures: config.encryption !== undefined,
  });
  for (const problem of listProblems())
    logger.error({ part: 'runbooks' }, `${problem}; until then what stands there is not run`);
  for (const { name, problem } of broken)
    logger.error({ part: 'bundler', runbook: name }, `runbook ${name} is left out, and its runs wait: ${problem}`);
  const notifier = openNotifier(context, logger.child({ part: 'notifier' }));
  closeWithProcess(context.lifecycle, notifier);
  const uiUrl = uiUrlOf(config);
  const ring = createApprovalRing({ config, file: context.configFile, logger });
  for (const region of config.regions) context.metrics.noWorker(region, 0);
  const windows = configuredWindows(config);
  const decisions = createDecisions({
    publishSchedule: ({ names, due }) => publishSchedule(options.log, names, due, new Date().toISOString()),
    approvals: ring,
    limits: {
      client: options.temporal.client,
      definitions: limitDefinitions(config.limits),
      countTargets: (selector) => inventory.size(selector),
    },
    windows: { windows, keys: () => ring().keys, clock: Date.now },
    rollouts: {
      select: (selector) => inventory.select(selector),
      windows,
      // Targets that a provider names in a region of before have no zone.
      zoneOf: (region) => config.places.find(({ name }) => name === region)?.zone ?? null,
      rules: targetRules(config.inventory, project.triggers),
    },
    noWorker: (region) => context.metrics.noWorker(region),
    tell: (notice, run) => notifier.notify(toldNotice(notice, run, { uiUrl, channels: config.approvals.channels })),
  });
  const refused = createRefusedAnswers({
    append: async (region, act) => {
      for (const each of regionOfAct(config, region)) await createOperatorLog(options.log, each).append(act);
    },
    count: (answer) => context.metrics.answerRefused(answer.decision, answer.refusal),
    logger,
    instance: context.instance,
  });
  return [{ kind: 'runbooks', codePath, decisions, refused }, ...roles];
}

async function activityRoles(
  context: RoleContext,
  inventory: Inventory,
  { regions, log, runbooks }: WorkerRoleOptions,
): Promise<WorkerRole[]> {
  const { config } = context;
  const problems = ruleProblems(config.inventory, { triggers: project.triggers, runbooks: runbookNames() });
  if (problems.length > 0) throw new CommandError(EXIT.refused, problems.join('\n'));
  const rules = targetRules(config.inventory, project.triggers);
  const shared = {
    http: createHttp({ allow: config.http.allow }),
    treatmentOf: createTreatments(config.services, config.inventory.treatments),
    ...openSsh(config),
    disks: diskDefinitions(config.disks),
    databaseOf: createDatabases(configuredDatabases(config.postgres)),
    clusters: openClusters(config),
  };
  // A stop may be stored in the region that a step is meant for; its server may be away, and must not hold up the others.
  const watched = new Set(regions.flatMap((region) => [region, ...standsInFor(config, region)]));
  const gate = await startEffectGate(context, [...watched], async (region) =>
    runbooks || regions.includes(region)
      ? log
      : openLog(config, 'worker', `tocsin worker ${context.instance}`, context, [region]),
  );
  return regions.map((region) => {
    const allowedTarget = createAllowedTarget({ region, alsoFor: standsInFor(config, region), inventory, rules });
    const activities = refusePlans(
      project.createActivities({ ...shared, ...monitoringServers(config, region), allowedTarget }),
    );
    if (Object.keys(activities).length === 0)
      throw new CommandError(
        EXIT.refused,
        'createActivities of activities/index returns none; expected at least one activity',
      );
    for (const problem of activityProblems(new Set(Object.keys(activities))))
      context.logger.error({ part: `activity worker ${region}` }, `${problem}; until then its runs wait at this step`);
    const { queue } = regionOf(config, region);
    return {
      kind: 'activities',
      region,
      queue,
      activities,
      around: [effectsInterceptor({ region, activities, gate })],
    };
  });
}
