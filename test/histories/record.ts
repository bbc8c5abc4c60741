/**
 * Records the histories that the replay test replays: `node --import tsx test/histories/record.ts`. Run it when a runbook is new, never to
 * make a failing replay pass: that failure says that runs in progress would break.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { createEngine } from '../../triggers/path/engine.ts';
import { RESOLVED_SIGNAL, type RunContext } from '../../workflows/kit/run-context.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';
import { anonymous } from './anonymous.ts';

const context: RunContext = {
  trigger: 'restart-service',
  alertKey: 'am:ServiceDown:1',
  generation: 1,
  attempt: 1,
  event: { id: 'e1', type: 'tocsin.alert.firing', source: 'tocsin:/in/am', stream: 'EVENTS_EU', sequence: 1, title: 'checkout is down' },
  region: 'eu',
  service: 'checkout',
  severity: 'critical',
  onResolved: 'cancel',
};

await record('restarted', false, async ({ service }) => service.exhaust());
await record('already-healthy', false, async () => undefined);
await record('escalated', true, async ({ service }) => service.exhaust());
await record('resolved-meanwhile', true, async ({ service }) => service.exhaust(), true);

async function record(
  name: string,
  stubborn: boolean,
  prepare: (tocsin: Installation) => Promise<void>,
  resolve = false,
): Promise<void> {
  const tocsin = await startInstallation({ stubborn });
  try {
    await prepare(tocsin);
    await tocsin.startReady('worker');
    const workflowId = `restart-service/recorded ${name}`;
    await createEngine({ client: tocsin.client, namespace: tocsin.servers.namespace }).start({
      workflowId,
      workflowType: 'restartService',
      input: { service: 'checkout' },
      context,
      executionTimeoutMs: 600_000,
      summary: 'restartService for checkout',
    });
    const handle = tocsin.client.workflow.getHandle(workflowId);
    if (resolve) {
      await until('the restart is done', () => tocsin.service.effects().some(({ action }) => action === 'restart'));
      await handle.signal(RESOLVED_SIGNAL, { stream: 'EVENTS_EU', sequence: 2, storedAt: 0 });
    }
    await handle.result().catch(() => undefined);
    const file = join(import.meta.dirname, `restartService-${name}.json`);
    writeFileSync(file, `${JSON.stringify(anonymous(JSON.parse(historyToJSON(await handle.fetchHistory()))), null, 1)}\n`);
    console.log(file);
  } finally {
    await tocsin.stop();
  }
}
