/** A Temporal server with workers that know the kit's small runbooks, and people to ask: for tests of the kit. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, type WorkflowHandle, WorkflowFailedError } from '@temporalio/client';
import { type WorkerOptions, Worker } from '@temporalio/worker';
import { stringify } from 'yaml';
import type { ApprovalSettings } from '../../activities/approvals.ts';
import { createDecisions } from '../../activities/decisions.ts';
import { refusePlans } from '../../activities/refuse-plans.ts';
import type { RunNotice } from '../../activities/tell.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import type { OpenHumanQuestion } from '../../workers/open-question.ts';
import { openHumanQuestion, openQuestion } from '../../workers/open-question.ts';
import type { SigningKey } from '../../workers/approval-key.ts';
import { type TestPlaces, placesOf } from '../../workers/testing/test-places.ts';
import { connectTemporal } from '../../workers/temporal-connection.ts';
import type { AnswerResult } from '../../workflows/kit/approval-message.ts';
import { type RunContext, activityQueue } from '../../workflows/kit/run-context.ts';
import { answerTo, makeKeys, quietRuntime, send, sendChoice } from './approvals.ts';
import { runbooksBundle } from './bundles.ts';
import { createKitActs } from './kit-acts.ts';
import { limitDefinition } from './limit-definition.ts';
import { type TestServers, startTestServers } from './servers.ts';
import { until } from './until.ts';

export interface KitLab {
  readonly keys: ReturnType<typeof makeKeys>;
  /** What the activities have written, of all runs. */
  readonly lines: string[];
  readonly told: readonly RunNotice[];
  /** Starts a runbook of kit-runbooks.ts; resolves to its handle. */
  begin(runbook: string, input: unknown, more?: Partial<RunContext>, timeoutMs?: number): Promise<WorkflowHandle>;
  /** What it asks, once it does. */
  question(workflowId: string): Promise<OpenHumanQuestion>;
  /** Approves what the run plans, once it asks. */
  approve(workflowId: string, by: string): Promise<string>;
  /** Environment of a command that knows the server and the key ring, and the file of somebody's private key. */
  readonly env: NodeJS.ProcessEnv;
  keyFile(by: string): string;
  readonly client: Client;
  answer(question: OpenHumanQuestion, by: string, choice: string): Promise<AnswerResult | string>;
  stop(): Promise<void>;
}

const REGION = 'eu';
/** What is written there says so. */
const OTHER_REGION = 'us';
const PLACES: TestPlaces = {
  windows: { nights: { times: ['00:00-24:00'] } },
  zones: { [REGION]: 'Europe/Berlin' },
  targets: ['web-1', 'web-2', 'web-3', 'web-4', 'web-5'].map((id) => ({
    id,
    kind: 'service',
    service: id,
    region: REGION,
    labels: { tier: 'web' },
  })),
};

/** A lock for each of these; what comes second waits. */
const LIMITS = [
  limitDefinition('per-service', { scope: 'service', waitMs: 600_000 }),
  limitDefinition('per-rack', { scope: 'label:rack', waitMs: 600_000 }),
];

/** `given`: servers that run already, and go on when the lab stops. `others`: activities besides those of `KitActs`. */
export async function startKitLab(
  more: Partial<ApprovalSettings> = {},
  given?: TestServers,
  others: Parameters<typeof refusePlans>[0] = {},
): Promise<KitLab> {
  quietRuntime([]);
  const servers = given ?? (await startTestServers({ temporal: true }));
  const { namespace, temporalAddress: address } = servers;
  const temporal = await connectTemporal({ connection: { address }, namespace, external: true });
  const { client } = temporal;
  const keys = makeKeys();
  const lines: string[] = [];
  const told: RunNotice[] = [];
  const decisions = createDecisions({
    approvals: () => ({
      keys: Object.values(keys).flatMap(({ entry }) => (entry.id === 'mallory' ? [] : [entry])),
      quorum: 1,
      quorums: {},
      expiryMs: 600_000,
      remindersMs: [],
      escalation: [],
      ...more,
    }),
    limits: { client, definitions: LIMITS, countTargets: () => PLACES.targets?.length ?? 0 },
    tell: (notice) => void told.push(notice),
    ...placesOf(PLACES),
  });
  const workflowBundle = await runbooksBundle(join(import.meta.dirname, 'kit-runbooks.ts'));
  const acts = (region: string, said = ''): WorkerOptions => ({
    taskQueue: activityQueue(region),
    activities: refusePlans({ ...createKitActs(lines, said), ...others }),
    shutdownGraceTime: 0,
    shutdownForceTime: 1_000,
  });
  const stops = await Promise.all(
    [
      { taskQueue: 'runbooks', workflowBundle, activities: decisions },
      acts(REGION),
      acts(OTHER_REGION, `${OTHER_REGION}: `),
    ].map((options) => startWorker({ connection: temporal.connection, namespace, ...options })),
  );
  const file = join(servers.dir, 'tocsin.yaml');
  writeFileSync(
    file,
    stringify({ regions: [REGION], approvals: { keys: Object.values(keys).map(({ entry }) => entry) } }),
  );
  const keyOf = (by: string): SigningKey => keys[by] ?? assert.fail(`nobody has key ${by}`);
  return {
    client,
    env: { ...process.env, TOCSIN_CONFIG: file, TEMPORAL_ADDRESS: address },
    keyFile: (by) => {
      const path = join(servers.dir, `${by}.pem`);
      writeFileSync(path, keyOf(by).privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
      return path;
    },
    approve: async (workflowId, by) => {
      const question = await until(`${workflowId} asks for approval`, () => openQuestion(client, workflowId));
      await send(client, workflowId, 'approve', [answerTo(question, keyOf(by), 'approve')]);
      return question.asked.planHash;
    },
    keys,
    lines,
    told,
    begin: async (workflowType, input, context = {}, executionTimeoutMs = 600_000) => {
      const workflowId = `${workflowType}/${randomBytes(4).toString('hex')}`;
      const full = { ...CONTEXT, ...context };
      await createEngine(temporal).start({
        workflowId,
        workflowType,
        input,
        context: full,
        executionTimeoutMs,
        summary: workflowType,
      });
      return client.workflow.getHandle(workflowId);
    },
    question: (workflowId) => until(`${workflowId} asks`, () => openHumanQuestion(client, workflowId)),
    answer: (question, by, choice) => sendChoice(client, question, keyOf(by), choice),
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
      await temporal.close();
      if (given === undefined) await servers.stopAll();
    },
  };
}

async function startWorker(options: WorkerOptions): Promise<() => Promise<void>> {
  const worker = await Worker.create(options);
  const running = worker.run();
  return async () => {
    worker.shutdown();
    // An activity that hangs is left behind.
    await running.catch(() => undefined);
  };
}

const CONTEXT: RunContext = {
  trigger: 'test',
  alertKey: 'key',
  generation: 1,
  attempt: 1,
  event: null,
  region: REGION,
  service: 'db',
  severity: null,
  onResolved: 'cancel',
  mode: 'auto',
};

/** Type and message of the failure at the bottom of what ended a run. */
export async function failureOf(handle: WorkflowHandle): Promise<{ readonly type: unknown; readonly message: string }> {
  const error = await handle.result().then(
    (result: unknown) => new Error(`it completed: ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowFailedError) || error.cause === undefined) throw error;
  return { type: 'type' in error.cause ? error.cause.type : undefined, message: error.cause.message };
}
