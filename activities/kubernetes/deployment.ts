/**
 * One deployment: how its rollout stands, and changing it once. A change is written only over the generation that was observed, together
 * with the key of the effect: whoever comes again with the same key finds it done, and whoever comes after somebody else leaves it alone.
 */
import type { V1Deployment, V1ReplicaSet } from '@kubernetes/client-node';
import { permanent } from '../permanent.ts';
import type { Cluster } from './clusters.ts';
import type { DeploymentName } from './object-name.ts';

export interface DeploymentObservation {
  readonly uid: string;
  /** Grows with every change of what is wanted; changes are made only to the one observed. */
  readonly generation: number;
  readonly revision: string | null;
  /** Wanted. */
  readonly replicas: number;
  readonly available: number;
  /** All replicas are of the present template and available, and none of another is left. */
  readonly rolledOut: boolean;
  /** The rollout got nowhere within its deadline. */
  readonly stuck: boolean;
  readonly detail: string;
}

export type Changed = { readonly changed: true } | { readonly changed: false; readonly why: string };

/** Annotation of a deployment and its pods: key of the effect that changed it last. */
const CHANGED_BY = 'tocsin/changed-by';
const REVISION = 'deployment.kubernetes.io/revision';
const TEMPLATE_HASH = 'pod-template-hash';
const MAX_CONFLICTS = 5;
/** A deployment keeps 10 by default. */
const MAX_REPLICA_SETS = 500;

export async function observeDeployment(cluster: Cluster, name: DeploymentName): Promise<DeploymentObservation> {
  const { metadata, spec, status } = await read(cluster, name);
  const replicas = spec?.replicas ?? 1;
  const generation = metadata?.generation ?? 0;
  const { updatedReplicas: updated = 0, availableReplicas: available = 0, replicas: all = 0 } = status ?? {};
  const seen = (status?.observedGeneration ?? 0) >= generation;
  const progressing = status?.conditions?.find(({ type }) => type === 'Progressing');
  return {
    uid: metadata?.uid ?? '',
    generation,
    revision: metadata?.annotations?.[REVISION] ?? null,
    replicas,
    available,
    rolledOut: seen && updated === replicas && all === replicas && available === replicas,
    stuck: seen && progressing?.reason === 'ProgressDeadlineExceeded',
    detail: `${available} of ${replicas} available, ${updated} of the present template, ${all} in all`,
  };
}

export interface ChangeRequest {
  readonly generation: number;
  /** Of the effect: the same for every attempt of it. */
  readonly key: string;
}

/** Starts all pods anew, a few at a time, as the deployment's strategy says. */
export const restart = (cluster: Cluster, name: DeploymentName, request: ChangeRequest): Promise<Changed> =>
  change(cluster, name, request, () => ({
    spec: { template: { metadata: { annotations: { [CHANGED_BY]: request.key } } } },
  }));

/** Back to the pod template of the revision before. Rejects with `NoRevisionBefore` (final). */
export async function undoRollout(cluster: Cluster, name: DeploymentName, request: ChangeRequest): Promise<Changed> {
  const sets = await cluster.ask(`list the replica sets of ${name.namespace}`, ({ apps }) =>
    apps.listNamespacedReplicaSet({ namespace: name.namespace, limit: MAX_REPLICA_SETS }),
  );
  return change(cluster, name, request, (deployment) => {
    const template = templateBefore(deployment, sets.items);
    if (template === null)
      throw permanent('NoRevisionBefore', `deployment ${textOf(name)} has no revision before this one to go back to`);
    // `$patch` is no field of a merge patch: what the present template has and the other has not is taken away by name.
    return { spec: { template: replacing(deployment.spec?.template, template) } };
  });
}

/** Compares the number itself: an autoscaler changes the generation all the time. */
export async function scale(
  cluster: Cluster,
  name: DeploymentName,
  { from, to, key }: { readonly from: number; readonly to: number; readonly key: string },
): Promise<Changed> {
  return write(cluster, name, key, (deployment) => {
    const now = deployment.spec?.replicas ?? 1;
    return now === from ? { spec: { replicas: to } } : `it has ${now} replicas by now, observed were ${from}`;
  });
}

const change = (
  cluster: Cluster,
  name: DeploymentName,
  { generation, key }: ChangeRequest,
  patch: (deployment: V1Deployment) => object,
): Promise<Changed> =>
  write(cluster, name, key, (deployment) => {
    const now = deployment.metadata?.generation;
    return now === generation ? patch(deployment) : `its generation is ${now} by now, observed was ${generation}`;
  });

/** `decide`: what to write, or why it is left alone. */
async function write(
  cluster: Cluster,
  name: DeploymentName,
  key: string,
  decide: (deployment: V1Deployment) => object | string,
): Promise<Changed> {
  for (let conflicts = 1; ; conflicts += 1) {
    const deployment = await read(cluster, name);
    if (deployment.metadata?.annotations?.[CHANGED_BY] === key) return { changed: true };
    const patch = decide(deployment);
    if (typeof patch === 'string') return { changed: false, why: patch };
    const { uid, resourceVersion } = deployment.metadata ?? {};
    const metadata = { uid, resourceVersion, annotations: { [CHANGED_BY]: key } };
    const asked = await cluster.try(`change deployment ${textOf(name)}`, ({ apps }) =>
      apps.patchNamespacedDeployment({ name: name.name, namespace: name.namespace, body: { ...patch, metadata } }),
    );
    if (asked.kind === 'ok') return { changed: true };
    if (asked.status !== 409 || conflicts >= MAX_CONFLICTS) throw asked.error;
  }
}

const read = (cluster: Cluster, name: DeploymentName): Promise<V1Deployment> =>
  cluster.ask(`read deployment ${textOf(name)}`, ({ apps }) =>
    apps.readNamespacedDeployment({ name: name.name, namespace: name.namespace }),
  );

const textOf = ({ namespace, name }: DeploymentName): string => `${namespace}/${name}`;

/** The revision before the present one, among the replica sets of this deployment. */
function templateBefore({ metadata }: V1Deployment, sets: readonly V1ReplicaSet[]): object | null {
  const own = sets.filter((set) => set.metadata?.ownerReferences?.some(({ uid }) => uid === metadata?.uid));
  const now = revisionOf(metadata?.annotations);
  const before = own
    .filter((set) => revisionOf(set.metadata?.annotations) < now)
    .toSorted((a, b) => revisionOf(b.metadata?.annotations) - revisionOf(a.metadata?.annotations))[0];
  const template = before?.spec?.template;
  if (template === undefined) return null;
  const { [TEMPLATE_HASH]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { metadata: { labels, annotations: template.metadata?.annotations }, spec: template.spec };
}

const revisionOf = (annotations: Readonly<Record<string, string>> | undefined): number =>
  Number(annotations?.[REVISION] ?? 0);

/** A merge patch that makes `next` of `now`: lists are replaced whole, names that are gone become null. */
function replacing(now: unknown, next: unknown): unknown {
  if (!isRecord(now) || !isRecord(next)) return next;
  const gone = Object.keys(now).filter((key) => now[key] !== undefined && next[key] === undefined);
  return {
    ...Object.fromEntries(gone.map((key) => [key, null])),
    ...Object.fromEntries(
      Object.keys(next)
        .filter((key) => next[key] !== undefined)
        .map((key) => [key, replacing(now[key], next[key])]),
    ),
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
