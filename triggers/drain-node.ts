/** A node that is not ready is drained once somebody has approved it, and opened again when it is ready. */
import { defineTrigger } from './define-trigger.ts';
import { nodeNotReady } from './events/node-not-ready.ts';

export const drainNodeTrigger = defineTrigger({
  id: 'drain-node',
  on: nodeNotReady,
  match: { labels: { condition: 'Ready' } },
  run: 'drainNode',
  mode: 'approve',
  input: ({ data }) => ({ node: data.labels.node, afterwards: 'uncordon' }),
  service: ({ data }) => data.labels.node,
  targets: { kind: 'kubernetes-node' },
  onResolved: 'cancel',
  onFailure: { kind: 'escalate' },
  executionTimeout: '3 hours',
});
