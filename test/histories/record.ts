/**
 * Records the histories that the replay test replays: `node --import tsx test/histories/record.ts [NAME...]`. Run it when a runbook is new,
 * never to make a failing replay pass: that failure says that runs in progress would break.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { createEngine } from '../../triggers/path/engine.ts';
import { stopFilePath, writeStopFile } from '../../workers/red-button/stop-file.ts';
import { ALLOWED_SIGNAL, RESOLVED_SIGNAL, type RunContext, STOPPED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

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

type During = (tocsin: Installation, run: WorkflowHandle) => Promise<void>;

const resolved: During = async (tocsin, run) => {
  await until('the restart is done', () => tocsin.service.effects().some(({ action }) => action === 'restart'));
  await run.signal(RESOLVED_SIGNAL, { stream: 'EVENTS_EU', sequence: 2, storedAt: 0 });
};

/** Refused by the worker, then let go; told by signal before its last effect, then let go again. */
const stopped: During = async (tocsin, run) => {
  const waits = (times: number) =>
    until('it waits', async () => {
      const details = JSON.stringify(await run.query('__temporal_workflow_metadata'));
      return details.split('waiting: red button').length - 1 === times;
    });
  await waits(1);
  rmSync(stopFilePath(tocsin.config));
  await run.signal(STOPPED_SIGNAL, { scope: 'all', why: 'drill', by: 'anna', at: '2026-01-01T00:00:00Z' }, Date.now());
  await run.signal(ALLOWED_SIGNAL);
  await until('the restart is done', () => tocsin.service.effects().some(({ action }) => action === 'restart'));
  await run.signal(STOPPED_SIGNAL, { scope: 'all', why: '', by: 'anna', at: '2026-01-01T00:00:00Z' }, Date.now());
  await waits(2);
  await run.signal(ALLOWED_SIGNAL);
};

const exhausted = async ({ service }: Installation): Promise<void> => service.exhaust();

const HISTORIES: Readonly<Record<string, () => Promise<void>>> = {
  restarted: () => record('restarted', false, exhausted),
  'already-healthy': () => record('already-healthy', false, async () => undefined),
  escalated: () => record('escalated', true, exhausted),
  'resolved-meanwhile': () => record('resolved-meanwhile', true, exhausted, resolved),
  stopped: () =>
    record(
      'stopped',
      false,
      async (tocsin) => {
        await exhausted(tocsin);
        writeStopFile(stopFilePath(tocsin.config), 'all', 'drill');
      },
      stopped,
    ),
};

const names = process.argv.slice(2);
for (const [name, history] of Object.entries(HISTORIES)) if (names.length === 0 || names.includes(name)) await history();

async function record(
  name: string,
  stubborn: boolean,
  prepare: (tocsin: Installation) => Promise<void>,
  during: During = async () => undefined,
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
    await during(tocsin, handle);
    await handle.result().catch(() => undefined);
    const file = join(import.meta.dirname, `restartService-${name}.json`);
    writeFileSync(file, `${JSON.stringify(anonymous(JSON.parse(historyToJSON(await handle.fetchHistory()))), null, 1)}\n`);
    console.log(file);
  } finally {
    await tocsin.stop();
  }
}

/** Without what names the machine it was recorded on. */
function anonymous(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(anonymous);
  if (typeof value === 'string') return withoutPaths(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'stackTrace')
      .map(([key, inner]) => [key, key === 'identity' ? 'recorder' : key === 'data' ? payload(inner) : anonymous(inner)]),
  );
}

function payload(data: unknown): unknown {
  if (typeof data !== 'string') return anonymous(data);
  return Buffer.from(withoutPaths(Buffer.from(data, 'base64').toString('utf8'))).toString('base64');
}

function withoutPaths(text: string): string {
  return text.replaceAll(/\/[^" ]*\/tocsin-test-\w+/g, '/var/lib/tocsin');
}
