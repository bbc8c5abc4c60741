/** Which version of the code a worker is, as Temporal's worker versioning has it. */
import type { WorkerDeploymentOptions } from '@temporalio/worker';
import type { Config } from '../config.ts';
import { buildIdOf } from './build-id.ts';

const BEHAVIOURS = { pinned: 'PINNED', autoUpgrade: 'AUTO_UPGRADE' } as const;

/** Undefined while the configuration has no section `deployment`: such a worker takes the tasks of every run. */
export function workerVersion({ deployment }: Pick<Config, 'deployment'>): WorkerDeploymentOptions | undefined {
  if (deployment === undefined) return undefined;
  return {
    version: { deploymentName: deployment.name, buildId: buildIdOf() },
    useWorkerVersioning: true,
    defaultVersioningBehavior: BEHAVIOURS[deployment.behaviour],
  };
}
