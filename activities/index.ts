/** The activities of one region's workers, with what they depend on passed in. */
import { type KubernetesDependencies, createKubernetesActivities } from './kubernetes.ts';
import { type ServiceDependencies, createServiceActivities } from './services.ts';

export type ActivityDependencies = ServiceDependencies & KubernetesDependencies;

export const createActivities = (dependencies: ActivityDependencies) => ({
  ...createServiceActivities(dependencies),
  ...createKubernetesActivities(dependencies),
});
