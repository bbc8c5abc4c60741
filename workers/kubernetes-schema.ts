/** What `tocsin.yaml` may say about Kubernetes clusters, and what no schema can say about it. */
import { Type, type Static } from 'typebox';
import { SECRET_REFERENCE } from './secret-schema.ts';

export const IN_CLUSTER = 'in-cluster';

const ClusterSchema = Type.Object(
  {
    /** What label `cluster` of targets names. */
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' }),
    /** Reference to a kubeconfig, or `in-cluster`: the service account of the pod that the worker runs in. */
    kubeconfig: Type.String({ pattern: `${SECRET_REFERENCE}|^${IN_CLUSTER}$` }),
    /** Of the kubeconfig; default: its current one. */
    context: Type.Optional(Type.String({ minLength: 1 })),
    /** Bound on one request. */
    timeout: Type.String({ pattern: '^([1-9]|[1-5]\\d|60) ?s$', default: '10s' }),
  },
  { additionalProperties: false },
);

export const KubernetesSchema = Type.Array(ClusterSchema, { maxItems: 100, default: [] });

export type ClusterConfig = Static<typeof ClusterSchema>;

/** One line for each contradiction, with its place. */
export const kubernetesProblems = (clusters: readonly ClusterConfig[]): string[] =>
  clusters.flatMap(({ name, kubeconfig, context }, index) => [
    ...(clusters.findIndex((each) => each.name === name) === index
      ? []
      : [`/kubernetes/${index}/name: ${name} is there twice`]),
    ...(kubeconfig === IN_CLUSTER && context !== undefined
      ? [
          `/kubernetes/${index}/context: ${context} has no kubeconfig to be found in, because kubeconfig is ${IN_CLUSTER}`,
        ]
      : []),
  ]);
