/**
 * A worker process for runbooks and activities under limits, to be killed. `argv`: address, bundle, directory, definitions as JSON, targets, and
 * `behind` for a visibility store that has heard of nothing yet.
 */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createDecisions } from '../../activities/decisions.ts';
import type { LimitDefinition } from '../../activities/limits/definition.ts';
import { connectTemporal } from '../../workers/temporal-connection.ts';
import { createWorker } from '../../workers/worker.ts';
import { createEffects, write } from './limit-effects.ts';

const [address = '', codePath = '', dir = '', definitions = '[]', targets = '0', visibility = ''] =
  process.argv.slice(2);
const LIMITS = { maxCachedWorkflows: 100, maxActivities: 50, shutdownGraceMs: 1_000 };

Runtime.install({ logger: new DefaultLogger('ERROR') });
const temporal = await connectTemporal({ connection: { address }, namespace: 'default', external: true });
if (visibility === 'behind') Object.assign(temporal.client.workflow, { list: async function* () {} });
const decisions = createDecisions({
  approvals: () => ({ keys: [], quorum: 1, quorums: {}, expiryMs: 60_000, remindersMs: [], escalation: [] }),
  limits: {
    client: temporal.client,
    definitions: JSON.parse(definitions) as LimitDefinition[],
    countTargets: () => Number(targets),
  },
  tell: ({ title, text }) => write(dir, { what: 'page', name: title, token: null, text }),
});
await createWorker(temporal, { kind: 'runbooks', codePath, decisions }, LIMITS);
await createWorker(temporal, { kind: 'activities', region: 'eu', activities: createEffects(dir) }, LIMITS);
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
