/** The activities of one region's workers, with what they depend on passed in. */
import { type DiskDependencies, createDiskActivities } from './disks.ts';
import { type ServiceDependencies, createServiceActivities } from './services.ts';

export type ActivityDependencies = ServiceDependencies & DiskDependencies;

export const createActivities = (dependencies: ActivityDependencies) => ({
  ...createServiceActivities(dependencies),
  ...createDiskActivities(dependencies),
});
