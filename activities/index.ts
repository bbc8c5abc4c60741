/** The activities of one region's workers, with what they depend on passed in. */
import { type PostgresDependencies, createPostgresActivities } from './postgres.ts';
import { type ServiceDependencies, createServiceActivities } from './services.ts';

export type ActivityDependencies = ServiceDependencies & PostgresDependencies;

export const createActivities = (dependencies: ActivityDependencies) => ({
  ...createServiceActivities(dependencies),
  ...createPostgresActivities(dependencies),
});
