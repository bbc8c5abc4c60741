/** The activities of one region's workers, with what they depend on passed in. */
import { type ServiceDependencies, createServiceActivities } from './services.ts';

export type ActivityDependencies = ServiceDependencies;

export const createActivities = (dependencies: ActivityDependencies) => ({ ...createServiceActivities(dependencies) });
