/**
 * The versions of the workers as Temporal knows them: which one takes new runs, which one a share of them, which may be taken away. A
 * version is there once a worker of it has asked for tasks.
 */
import { setTimeout } from 'node:timers/promises';
import { grpcStatusOf } from '../../triggers/path/grpc-status.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { livePollers, pollerOf } from '../pollers.ts';
import type { TemporalClient } from '../temporal-connection.ts';

/** `inactive`: was never given runs. `draining`: only runs in progress. `drained`: none any more, its workers may go. */
export type VersionState = 'inactive' | 'current' | 'ramping' | 'draining' | 'drained';

export interface Version {
  readonly build: string;
  readonly state: VersionState;
  /** Share of new runs that it takes, in percent. */
  readonly share: number;
  readonly createdAt: number;
  /** When it last took all new runs and ceased to; 0 for one that never did. */
  readonly retiredAt: number;
  readonly running: number;
  /** Of its runs that Temporal still remembers: failed, timed out or terminated. */
  readonly failed: number;
  /** Workers that asked for its tasks lately, over all queues. */
  readonly workers: number;
  /** Those that have gone a while ago included: whatever the clock of this host says, one that polls is among them. */
  readonly remembered: number;
}

export interface Deployment {
  /** Newest first. */
  readonly versions: readonly Version[];
  readonly current: Version | null;
  readonly ramping: Version | null;
  /** Of the state that was read; a change on it fails when somebody else was faster. */
  readonly conflictToken: Uint8Array | null;
}

const CALL_TIMEOUT_MS = 10_000;
/** Temporal's numbers for the states of a version. */
const STATES: Readonly<Record<number, VersionState>> = {
  1: 'inactive',
  2: 'current',
  3: 'ramping',
  4: 'draining',
  5: 'drained',
};
const IN_EFFECT_MS = 30_000;
const LOOK_EVERY_MS = 100;
/** ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS. */
const IN_PROGRESS = 1;
const NOT_FOUND = 5;
const REFUSED: ReadonlySet<number> = new Set([3, NOT_FOUND, 9]);

type Named = Pick<TemporalClient, 'client' | 'namespace'> & { readonly deployment: string };
type Time = { readonly seconds?: unknown } | null | undefined;

/** No versions when no versioned worker has ever asked for tasks. */
export async function describeDeployment(named: Named): Promise<Deployment> {
  const { workerDeploymentInfo: info, conflictToken } = await answered(named, (service) =>
    service.describeWorkerDeployment({ namespace: named.namespace, deploymentName: named.deployment }),
  ).catch((error: unknown) => {
    if (grpcStatusOf(error)?.code === NOT_FOUND) return { workerDeploymentInfo: null, conflictToken: null };
    throw error;
  });
  const routing = info?.routingConfig;
  const percentage = routing?.rampingVersionPercentage ?? 0;
  const versions = await Promise.all(
    (info?.versionSummaries ?? []).map(async (summary): Promise<Version> => {
      const build = summary.deploymentVersion?.buildId ?? '';
      const state = STATES[Number(summary.status)] ?? 'inactive';
      return {
        build,
        state,
        share: state === 'current' ? 100 - percentage : state === 'ramping' ? percentage : 0,
        createdAt: millis(summary.createTime),
        retiredAt: millis(summary.lastCurrentTime) === 0 ? 0 : millis(summary.lastDeactivationTime),
        running: await countRuns(named, build, `ExecutionStatus = 'Running'`),
        failed: await countRuns(named, build, `ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')`),
        ...(await countWorkers(named, build)),
      };
    }),
  );
  const sorted = versions.toSorted((one, other) => other.createdAt - one.createdAt);
  return {
    versions: sorted,
    current: sorted.find(({ state }) => state === 'current') ?? null,
    ramping: sorted.find(({ state }) => state === 'ramping') ?? null,
    conflictToken: conflictToken ?? null,
  };
}

/** All new runs go to it, and every run that follows the current version. Rejects when no worker of it asks for tasks. */
export async function setCurrent(named: Named, buildId: string, conflictToken: Uint8Array | null): Promise<void> {
  await answered(named, (service) =>
    service.setWorkerDeploymentCurrentVersion({ ...requestOf(named, conflictToken), buildId }),
  ).catch(refused(`build ${buildId} cannot be made current`));
  await inEffect(named);
}

/** A share of them; an empty build id ends the ramp. */
export async function setRamp(
  named: Named,
  { buildId, percentage }: { readonly buildId: string; readonly percentage: number },
  conflictToken: Uint8Array | null,
): Promise<void> {
  await answered(named, (service) =>
    service.setWorkerDeploymentRampingVersion({ ...requestOf(named, conflictToken), buildId, percentage }),
  ).catch(refused(`build ${buildId} cannot be ramped`));
  await inEffect(named);
}

/** Until every queue goes by the change: before that, a step of a run may still go where it went. Of a server that does not say it is believed. */
async function inEffect(named: Named): Promise<void> {
  const deadline = performance.now() + IN_EFFECT_MS;
  for (;;) {
    const { workerDeploymentInfo: info } = await answered(named, (service) =>
      service.describeWorkerDeployment({ namespace: named.namespace, deploymentName: named.deployment }),
    );
    if (info?.routingConfigUpdateState !== IN_PROGRESS) return;
    if (performance.now() > deadline)
      throw new CommandError(
        EXIT.unavailable,
        `deployment ${named.deployment} is changed, but after ${IN_EFFECT_MS / 1_000} s not all task queues go by it; look again with \`tocsin versions list\``,
      );
    await setTimeout(LOOK_EVERY_MS);
  }
}

const requestOf = ({ namespace, deployment }: Named, conflictToken: Uint8Array | null) => ({
  namespace,
  deploymentName: deployment,
  ...(conflictToken === null ? {} : { conflictToken }),
});

type Service = TemporalClient['client']['workflowService'];

const answered = <T>({ client }: Named, ask: (service: Service) => Promise<T>): Promise<T> =>
  client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => ask(client.workflowService));

/** What the server says it lacks is for the operator; what is no answer stays as it is. */
const refused =
  (what: string) =>
  (error: unknown): never => {
    const status = grpcStatusOf(error);
    if (status !== null && REFUSED.has(status.code))
      throw new CommandError(EXIT.refused, `${what}: ${status.details}`, error);
    throw error;
  };

async function countRuns({ client, deployment }: Named, build: string, status: string): Promise<number> {
  const query = `TemporalWorkerDeploymentVersion = '${deployment}:${build}' AND ${status}`;
  return client.withDeadline(Date.now() + CALL_TIMEOUT_MS, async () => (await client.workflow.count(query)).count);
}

async function countWorkers(named: Named, buildId: string): Promise<Pick<Version, 'workers' | 'remembered'>> {
  const { namespace, deployment: deploymentName } = named;
  const { versionTaskQueues } = await answered(named, (service) =>
    service.describeWorkerDeploymentVersion({ namespace, deploymentVersion: { deploymentName, buildId } }),
  );
  const seen = await Promise.all(
    versionTaskQueues.map(async ({ name, type }) => {
      const { pollers } = await answered(named, (service) =>
        service.describeTaskQueue({ namespace, taskQueue: { name: name ?? '' }, taskQueueType: type ?? 1 }),
      );
      return pollers.filter(({ deploymentOptions }) => deploymentOptions?.buildId === buildId).map(pollerOf);
    }),
  );
  const all = seen.flat();
  return {
    workers: livePollers(all, Date.now()).length,
    remembered: new Set(all.map(({ identity }) => identity)).size,
  };
}

const millis = (time: Time): number => Number(time?.seconds ?? 0) * 1_000;
