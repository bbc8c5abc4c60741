import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import { type DrainRules, nodePods } from '../../activities/kubernetes/node-pods.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const owned = (kind: string, controller = true) => [{ apiVersion: 'apps/v1', kind, name: 'x', uid: 'u', controller }];

/** Of a replica set and running, unless it is said otherwise. */
const pod = (metadata: object = {}, rest: Omit<V1Pod, 'metadata'> = {}): V1Pod => ({
  metadata: { namespace: 'shop', name: 'web', uid: '1', ownerReferences: owned('ReplicaSet'), ...metadata },
  ...rest,
});
const ending = (until: string): V1Pod => pod({ deletionTimestamp: new Date(until) });
const emptyDir = { spec: { containers: [], volumes: [{ name: 'cache', emptyDir: {} }] } };
const daemon = { ownerReferences: owned('DaemonSet') };

describe('pods of a node that is drained', () => {
  const rows: readonly [pod: V1Pod, rules: DrainRules, becomes: string, why: string][] = [
    [pod(), {}, 'evict', 'its controller starts another'],
    [pod({ ownerReferences: owned('Job') }), {}, 'evict', 'so does a job'],
    [pod(daemon), {}, 'stay', 'its daemon set would start it here again'],
    [pod({ ...daemon, deletionTimestamp: new Date(NOW) }), {}, 'stay', 'also while it is replaced'],
    [pod({ annotations: { 'kubernetes.io/config.mirror': 'h' } }), {}, 'stay', 'a static pod belongs to its kubelet'],
    [pod({ ownerReferences: [] }), {}, 'inTheWay', 'nothing starts it anew'],
    [pod({ ownerReferences: owned('ReplicaSet', false) }), {}, 'inTheWay', 'an owner that is no controller does not'],
    [pod({ ownerReferences: [] }), { unmanaged: 'delete' }, 'evict', 'it was given up'],
    [pod({ ownerReferences: [] }), { emptyDir: 'delete' }, 'inTheWay', 'only its data was given up'],
    [pod({ ownerReferences: [] }, { status: { phase: 'Succeeded' } }), {}, 'evict', 'it has nothing left to do'],
    [pod(daemon, { status: { phase: 'Failed' } }), {}, 'evict', 'a daemon pod that has failed is no use here'],
    [pod({}, emptyDir), {}, 'inTheWay', 'its data would be lost'],
    [pod({}, emptyDir), { emptyDir: 'delete' }, 'evict', 'its data was given up'],
    [pod({}, { ...emptyDir, status: { phase: 'Failed' } }), {}, 'evict', 'nobody reads that data any more'],
    [ending('2026-01-01T12:00:30Z'), {}, 'ending', 'it may take its time'],
    [ending('2026-01-01T11:59:00Z'), {}, 'ending', 'a minute late is not yet overdue'],
    [ending('2026-01-01T11:58:59Z'), {}, 'overdue', 'its kubelet does not end it'],
  ];
  for (const [each, rules, becomes, why] of rows)
    it(`${becomes}: ${why}`, () => {
      const found = Object.entries(nodePods([each], rules, NOW)).filter(([, pods]) => pods.length > 0);
      assert.deepEqual(
        found.map(([name]) => name),
        [becomes],
      );
    });

  it('what is in the way is named with its reason', () => {
    assert.deepEqual(nodePods([pod({ ownerReferences: [] }), pod({}, emptyDir)], {}, NOW).inTheWay, [
      'shop/web has no controller that would start it anew',
      'shop/web would lose its emptyDir volume cache',
    ]);
  });
});
