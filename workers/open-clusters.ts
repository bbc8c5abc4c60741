/** The Kubernetes clusters of the configuration. Nothing is read or loaded before a step uses one. */
import { type ClusterOptions, type Clusters, createClusters } from '../activities/kubernetes/clusters.ts';
import { type Config, durationMs, readSecret } from './config.ts';
import { type ClusterConfig, IN_CLUSTER } from './kubernetes-schema.ts';

export const openClusters = ({ kubernetes }: Config): Clusters => createClusters(kubernetes.map(optionsOf));

const FILE = 'file:';

const optionsOf = ({ name, kubeconfig, context, timeout }: ClusterConfig): ClusterOptions => ({
  name,
  kubeconfig: () =>
    kubeconfig === IN_CLUSTER
      ? null
      : { text: readSecret(kubeconfig), path: kubeconfig.startsWith(FILE) ? kubeconfig.slice(FILE.length) : null },
  timeoutMs: durationMs(timeout),
  ...(context === undefined ? {} : { context }),
});
