/**
 * Records histories that the replay test replays: `node --import tsx test/histories/record.ts NAME...`. Run it for an outcome that is new,
 * never to make a failing replay pass: that failure says that runs in progress would break.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { createEngine } from '../../triggers/path/engine.ts';
import type { SigningKey } from '../../workers/approval-key.ts';
import { type OpenQuestion, openQuestion } from '../../workers/open-question.ts';
import type { Decision } from '../../workflows/kit/approval-message.ts';
import { stopFilePath, writeStopFile } from '../../workers/red-button/stop-file.ts';
import {
  ALLOWED_SIGNAL,
  RESOLVED_SIGNAL,
  type RunContext,
  type RunMode,
  STOPPED_SIGNAL,
} from '../../workflows/kit/run-context.ts';
import { answerTo, makeKeys, send } from '../support/approvals.ts';
import { untilAtWork, untilTriedAgain } from '../support/attempts.ts';
import { crashService } from '../support/crash-service.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';
import { anonymousHistory } from '../../workers/testing/anonymous-history.ts';

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

const stateFile = ({ servers }: Installation): string => join(servers.dir, 'demo/state.json');

/** Sick, unless the outcome is that nothing had to be done. */
const sick = (tocsin: Installation): Promise<void> => tocsin.service.exhaust();

const OUTCOMES: Readonly<Record<string, Recording>> = {
  restarted: { prepare: sick },
  'already-healthy': { prepare: () => Promise.resolve() },
  escalated: { prepare: sick, stubborn: true },
  'resolved-meanwhile': {
    prepare: sick,
    stubborn: true,
    during: async ({ tocsin, workflowId }) => {
      await until('the restart is done', () => tocsin.service.effects().some(({ action }) => action === 'restart'));
      await tocsin.client.workflow
        .getHandle(workflowId)
        .signal(RESOLVED_SIGNAL, { stream: 'EVENTS_EU', sequence: 2, storedAt: 0 });
    },
  },
  stopped: {
    prepare: async (tocsin) => {
      await sick(tocsin);
      writeStopFile(stopFilePath(tocsin.config), 'all', 'drill');
    },
    during: ({ tocsin, workflowId }) => stopped(tocsin, tocsin.client.workflow.getHandle(workflowId)),
  },
  /** What is at work ends before it is undone. */
  cancelled: {
    prepare: sick,
    stubborn: true,
    during: async ({ tocsin, workflowId }) => {
      const run = tocsin.client.workflow.getHandle(workflowId);
      await untilAtWork(run, 'restartUnit');
      await run.cancel();
    },
  },
  /** Its status command fails, until somebody mends it. */
  'tried-again': {
    prepare: async (tocsin) => {
      await sick(tocsin);
      const file = stateFile(tocsin);
      writeFileSync(`${file}.kept`, readFileSync(file));
      writeFileSync(file, 'torn');
    },
    during: async ({ tocsin, workflowId }) => {
      await untilTriedAgain(tocsin.client.workflow.getHandle(workflowId), 'observeService');
      writeFileSync(stateFile(tocsin), readFileSync(`${stateFile(tocsin)}.kept`));
    },
  },
  planned: { prepare: sick, mode: 'plan' },
  approved: { prepare: sick, mode: 'approve', during: (running) => answer(running, 'approve') },
  denied: { prepare: sick, mode: 'approve', during: (running) => answer(running, 'deny') },
  expired: { prepare: sick, mode: 'approve', expiry: '1 s' },
  voided: {
    prepare: sick,
    mode: 'approve',
    during: async (running) => {
      const first = await untilAsked(running);
      await crashService(running.tocsin.service, join(running.tocsin.servers.dir, 'demo'));
      await answer(running, 'approve');
      await until('it asks again', async () => (await untilAsked(running)).asked.planHash !== first.asked.planHash);
      await answer(running, 'approve');
    },
  },
};

/** As runs are since they have a phase only while they are off the ordinary way. */
const QUIET = ['restarted', 'escalated', 'stopped', 'approved'];

const RECORDINGS: Readonly<Record<string, Recording | undefined>> = {
  ...OUTCOMES,
  ...Object.fromEntries(QUIET.map((name) => [`${name}-quiet`, OUTCOMES[name]])),
};

interface Recording {
  readonly prepare: (tocsin: Installation) => Promise<void>;
  readonly stubborn?: boolean;
  readonly mode?: RunMode;
  /** How long a question stands. */
  readonly expiry?: string;
  readonly during?: (running: Running) => Promise<void>;
}

interface Running {
  readonly tocsin: Installation;
  readonly workflowId: string;
}

const { ann } = makeKeys();

for (const name of process.argv.slice(2)) {
  const recording = RECORDINGS[name];
  if (recording === undefined || ann === undefined)
    throw new Error(`${name} is no recording; expected some of ${Object.keys(RECORDINGS).join(', ')}`);
  await record(name, recording, ann);
}

/** Refused by the worker, then let go; told by signal before its last effect, then let go again. */
async function stopped(tocsin: Installation, run: WorkflowHandle): Promise<void> {
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
}

function untilAsked({ tocsin, workflowId }: Running): Promise<OpenQuestion> {
  return until('it asks', () => openQuestion(tocsin.client, workflowId));
}

async function answer(running: Running, decision: Decision): Promise<void> {
  if (ann === undefined) return;
  const signed = answerTo(await untilAsked(running), ann, decision);
  await send(running.tocsin.client, running.workflowId, decision, [signed]);
}

async function record(name: string, recording: Recording, key: SigningKey): Promise<void> {
  const { prepare, stubborn = false, mode, expiry = '30 m', during } = recording;
  const tocsin = await startInstallation({ stubborn, config: () => ({ approvals: { keys: [key.entry], expiry } }) });
  try {
    await prepare(tocsin);
    await tocsin.startReady('worker');
    const workflowId = `restart-service/recorded ${name}`;
    await createEngine({ client: tocsin.client, namespace: tocsin.servers.namespace }).start({
      workflowId,
      workflowType: 'restartService',
      input: { service: 'checkout' },
      context: { ...context, ...(mode === undefined ? {} : { mode }) },
      executionTimeoutMs: 600_000,
      summary: 'restartService for checkout',
    });
    const handle = tocsin.client.workflow.getHandle(workflowId);
    await during?.({ tocsin, workflowId });
    await handle.result().catch(() => undefined);
    const file = join(import.meta.dirname, `restartService-${name}.json`);
    writeFileSync(file, `${JSON.stringify(anonymousHistory(JSON.parse(historyToJSON(await handle.fetchHistory()))), null, 1)}\n`);
    console.log(file);
  } finally {
    await tocsin.stop();
  }
}
