/** Which object of which cluster a target stands for: its labels say so, and they come from the inventory, never from an event (R8). */
import type { Target } from '../inventory/target.ts';
import { permanent } from '../permanent.ts';

export const NODE_KIND = 'kubernetes-node';
export const DEPLOYMENT_KIND = 'kubernetes-deployment';

export interface NodeName {
  readonly cluster: string;
  readonly name: string;
}

export interface DeploymentName extends NodeName {
  readonly namespace: string;
}

/** Label `cluster`; the node's name is label `node`, else the id of the target. Throws `TargetUnfit` (final). */
export function nodeNameOf(target: Target): NodeName {
  assertKind(target, NODE_KIND);
  return { cluster: labelOf(target, 'cluster'), name: dnsName(target, 'node', target.labels['node'] ?? target.id) };
}

/** Labels `cluster` and `namespace`; the deployment's name is label `deployment`, else the id. Throws `TargetUnfit` (final). */
export function deploymentNameOf(target: Target): DeploymentName {
  assertKind(target, DEPLOYMENT_KIND);
  return {
    cluster: labelOf(target, 'cluster'),
    namespace: dnsName(target, 'namespace', labelOf(target, 'namespace')),
    name: dnsName(target, 'deployment', target.labels['deployment'] ?? target.id),
  };
}

function assertKind(target: Target, kind: string): void {
  if (target.kind !== kind) throw unfit(target, `is of kind ${target.kind}, expected ${kind}`);
}

function labelOf(target: Target, label: string): string {
  const value = target.labels[label];
  if (value === undefined) throw unfit(target, `has no label ${label}, expected the name of its ${label}`);
  return value;
}

/** What Kubernetes takes as a name; so nothing that means something else in the path of a request, as two dots would. */
const DNS_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

function dnsName(target: Target, what: string, value: string): string {
  if (DNS_NAME.test(value)) return value;
  throw unfit(target, `names ${what} ${JSON.stringify(value)}, expected a name as Kubernetes has them`);
}

const unfit = (target: Target, why: string): Error => permanent('TargetUnfit', `target ${target.id} ${why}`);
