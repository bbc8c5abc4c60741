/**
 * What labels say by convention about place and resource, for senders of the Prometheus family, which have no fields for it. Also the
 * one way to make labels out of names that are no labels yet.
 */
import type { Alert } from '../events/alert.ts';
import { FORBIDDEN_KEYS } from '../events/json-keys.ts';
import { firstLabel } from './read.ts';

type Labels = Readonly<Record<string, string>>;

/** `prefix`: where the labels stand in the payload. */
export const locationOfLabels = (labels: Labels, prefix = 'labels.'): Alert['location'] => ({
  cloud: firstLabel(labels, ['cloud', 'cloud_provider', 'provider'], prefix),
  account: firstLabel(
    labels,
    ['account', 'account_id', 'aws_account_id', 'aws_account', 'project_id', 'subscription_id'],
    prefix,
  ),
  region: firstLabel(labels, ['region', 'aws_region', 'cloud_region', 'topology_kubernetes_io_region'], prefix),
  zone: firstLabel(labels, ['zone', 'availability_zone', 'availability-zone', 'topology_kubernetes_io_zone'], prefix),
  cluster: firstLabel(
    labels,
    ['cluster', 'kubernetes_cluster', 'k8s_cluster', 'cluster_name', 'kube_cluster_name'],
    prefix,
  ),
});

export function resourceOfLabels(labels: Labels): Alert['resource'] {
  const found = firstLabel(labels, ['pod', 'node', 'instance', 'host', 'service'], '');
  return found === null ? null : { kind: found.from, id: found.value, name: found.value };
}

/** Absent values and names that cannot be stored are left out; of equal names the values stand side by side, with commas. */
export function labelsFrom(pairs: Iterable<readonly [name: string | null, value: string | null]>): Labels {
  const labels = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (name === null || value === null || name === '' || FORBIDDEN_KEYS.has(name)) continue;
    const earlier = labels.get(name);
    labels.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(labels);
}
