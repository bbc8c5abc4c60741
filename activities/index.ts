/** The activities of one region's workers, with what they depend on passed in. */
import { type AlertmanagerDependencies, createAlertmanagerActivities } from './alertmanager.ts';
import { type DiskDependencies, createDiskActivities } from './disks.ts';
import { type KubernetesDependencies, createKubernetesActivities } from './kubernetes.ts';
import { type PostgresDependencies, createPostgresActivities } from './postgres.ts';
import { type PrometheusDependencies, createPrometheusActivities } from './prometheus.ts';
import { type ServiceDependencies, createServiceActivities } from './services.ts';

export type ActivityDependencies = ServiceDependencies &
  DiskDependencies &
  KubernetesDependencies &
  PostgresDependencies &
  PrometheusDependencies &
  AlertmanagerDependencies;

export const createActivities = (dependencies: ActivityDependencies) => ({
  ...createServiceActivities(dependencies),
  ...createDiskActivities(dependencies),
  ...createKubernetesActivities(dependencies),
  ...createPostgresActivities(dependencies),
  ...createPrometheusActivities(dependencies),
  ...createAlertmanagerActivities(dependencies),
});
