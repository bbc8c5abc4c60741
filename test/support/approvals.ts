/**
 * Runs that have to be approved, on a real Temporal: workers with a key ring of the test's own making, a sick service whose effects can be
 * counted, and the hands of everybody who might answer, honest or not. Everything is closed by `stop`.
 */
import { type KeyObject, generateKeyPairSync, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Client, WorkflowUpdateFailedError } from '@temporalio/client';
import { Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import type { ApprovalSettings, ApproverKey } from '../../activities/approvals.ts';
import { createDecisions } from '../../activities/decisions.ts';
import { createActivities } from '../../activities/index.ts';
import { refusePlans } from '../../activities/refuse-plans.ts';
import type { RunNotice } from '../../activities/tell.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import type { SigningKey } from '../../workers/approval-key.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { type DemoService, startDemoService } from '../../workers/demo/supervisor.ts';
import { type OpenHumanQuestion, type OpenQuestion, openQuestion } from '../../workers/open-question.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { type Unsigned, signAnswer } from '../../workers/sign-answer.ts';
import { type TemporalConnection, connectTemporal } from '../../workers/temporal-connection.ts';
import { createWorker } from '../../workers/worker.ts';
import type { AnswerResult, Decision, SignedAnswer } from '../../workflows/kit/approval-message.ts';
import type { RefusedAnswer } from '../../workflows/kit/refused-answers.ts';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import { bundlesFolder } from './bundles-folder.ts';
import { crashService } from './crash-service.ts';
import { startTestServers } from './servers.ts';
import { servicesOf } from './services.ts';
import { until } from './until.ts';
import { labContext } from './lab-context.ts';

export interface Approvals {
  readonly temporal: TemporalConnection;
  readonly client: Client;
  readonly service: DemoService;
  /** By id: ann, bob, carol; ann-2 is another key of Ann; rex is revoked, eve expired; mallory is not in the ring. */
  readonly keys: Readonly<Record<string, SigningKey>>;
  /** What was logged by runs: refused answers among others. */
  readonly logged: readonly string[];
  readonly told: readonly RunNotice[];
  /** What was told to the worker for its audit, each `<workflow id> <refusal>`. */
  readonly refused: readonly string[];
  /** The service's instance ends, and another, just as sick, takes its place. */
  crash(): Promise<void>;
  /** Sets the clock of the decisions forward, ms. */
  shiftClock(ms: number): void;
  /** Changes the settings for questions from now on. */
  configure(settings: Partial<ApprovalSettings>): void;
  /** Calls of this activity wait, once they have begun, until they are let go. */
  hold(activity: string): Held;
  /** Starts a run of restartService; resolves to its workflow id. */
  begin(context?: Partial<RunContext>): Promise<string>;
  /** What it asks, once it does. */
  question(workflowId: string): Promise<OpenQuestion>;
  stop(): Promise<void>;
}

export interface Held {
  /** Whether a call waits by now. */
  reached(): boolean;
  release(): void;
}

const REGION = 'eu';
const LIMITS = { maxCachedWorkflows: 50, maxActivities: 10, shutdownGraceMs: 2_000 };

export async function startApprovals(settings: Partial<ApprovalSettings> = {}): Promise<Approvals> {
  const logged: string[] = [];
  const told: RunNotice[] = [];
  const refused: string[] = [];
  const hear = (id: string, { refusal }: RefusedAnswer): void => void refused.push(`${id} ${refusal}`);
  quietRuntime(logged);
  const servers = await startTestServers({ temporal: true });
  const dir = join(servers.dir, 'checkout');
  const service = await startDemoService({
    name: 'checkout',
    region: REGION,
    port: await freePort(),
    dir,
    stubborn: false,
  });
  const keys = makeKeys();
  let shiftMs = 0;
  const current: ApprovalSettings = {
    keys: Object.values(keys).flatMap(({ entry }) => (entry.id === 'mallory' ? [] : [entry])),
    quorum: 1,
    quorums: {},
    expiryMs: 3_600_000,
    remindersMs: [],
    escalation: [],
    ...settings,
  };
  const { holdable, hold } = holding();
  const decisions = holdable(
    createDecisions({
      approvals: () => current,
      tell: (notice) => void told.push(notice),
      now: () => Date.now() + shiftMs,
    }),
  );
  const activities = holdable(
    refusePlans(
      createActivities(
        servicesOf({ region: REGION, services: [service.target], allow: [{ origin: service.origin, private: true }] }),
      ),
    ),
  );
  const { namespace, temporalAddress: address } = servers;
  const temporal = await connectTemporal({ connection: { address }, namespace, external: true });
  const { codePath } = await workflowBundle(bundlesFolder(), pino({ level: 'silent' }));
  const workers = await Promise.all([
    createWorker(temporal, { kind: 'runbooks', codePath, decisions, refused: hear }, LIMITS),
    createWorker(temporal, { kind: 'activities', region: REGION, activities }, LIMITS),
  ]);
  let started = 0;
  return {
    temporal,
    client: temporal.client,
    service,
    keys,
    logged,
    told,
    refused,
    crash: () => crashService(service, dir),
    shiftClock: (ms) => {
      shiftMs += ms;
    },
    configure: (changes) => void Object.assign(current, changes),
    hold,
    begin: async (context = {}) => {
      started += 1;
      const full: RunContext = { ...CONTEXT, generation: started, ...context };
      const workflowId = `${full.mode === 'plan' ? 'plan/' : ''}restart-service/test#${started}`;
      await createEngine(temporal).start({
        workflowId,
        workflowType: 'restartService',
        input: { service: 'checkout' },
        context: full,
        executionTimeoutMs: 600_000,
        summary: 'restart checkout',
      });
      return workflowId;
    },
    question: (workflowId) => until(`${workflowId} asks`, () => openQuestion(temporal.client, workflowId)),
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.shutdown()));
      await temporal.close();
      await service.close();
      await servers.stopAll();
    },
  };
}

type Activity = (input: never) => Promise<unknown>;

/** Activities of which any can be kept waiting, those of the runbook worker among them. */
function holding(): { readonly holdable: (acts: object) => object; readonly hold: Approvals['hold'] } {
  const gates = new Map<string, () => Promise<void>>();
  const heldBack =
    (name: string, act: Activity): Activity =>
    async (input) => {
      await gates.get(name)?.();
      return act(input);
    };
  return {
    holdable: (acts) =>
      Object.fromEntries(
        Object.entries(acts as Readonly<Record<string, Activity>>).map(([name, act]) => [name, heldBack(name, act)]),
      ),
    hold: (name) => {
      let [reached, open] = [false, (): void => undefined];
      const opened = new Promise<void>((resolve) => (open = resolve));
      gates.set(name, () => {
        reached = true;
        return opened;
      });
      return {
        reached: () => reached,
        release: () => {
          gates.delete(name);
          open();
        },
      };
    },
  };
}

const CONTEXT = labContext({
  trigger: 'restart-service',
  alertKey: 'am:ServiceDown:checkout',
  region: REGION,
  service: 'checkout',
  onResolved: 'cancel',
  mode: 'approve',
});

/** An honest answer to a question, or one with a part of it changed. */
export function answerTo(
  question: OpenQuestion,
  key: SigningKey,
  decision: Decision,
  changes: Partial<Unsigned> = {},
): SignedAnswer {
  const { workflowId, runId, execution, asked } = question;
  const { planHash, expiresAt } = asked;
  return signAnswer(key, { decision, workflowId, runId, execution, planHash, expiresAt, reason: 'test', ...changes });
}

/** Sends an update as any client of the namespace could; a text when the run or the server would not even take it. */
/** Answers a question of `askHuman`. */
export async function sendChoice(
  client: Client,
  { workflowId, runId, execution, asked: { planHash, expiresAt } }: OpenHumanQuestion,
  key: SigningKey,
  choice: string,
): Promise<AnswerResult | string> {
  const unsigned = { decision: choice, workflowId, runId, execution, planHash, expiresAt, reason: 'test' };
  return send(client, workflowId, 'answer', [signAnswer(key, unsigned)]);
}

export async function send(
  client: Client,
  workflowId: string,
  name: string,
  args: readonly unknown[],
  updateId: string = randomUUID(),
): Promise<AnswerResult | string> {
  try {
    const handle = client.workflow.getHandle(workflowId);
    const [first, ...more] = args;
    return await client.withDeadline(Date.now() + 8_000, () =>
      args.length === 0
        ? handle.executeUpdate<AnswerResult, []>(name, { updateId })
        : handle.executeUpdate<AnswerResult, [unknown, ...unknown[]]>(name, { args: [first, ...more], updateId }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) return `refused by the run: ${error.cause?.message ?? ''}`;
    return `refused by the server: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Key pairs of everybody, and what the key ring says of them. */
export function makeKeys(): Record<string, SigningKey> {
  const people: readonly (readonly [id: string, person: string, more?: Partial<ApproverKey>])[] = [
    ['ann', 'Ann', { login: 'ann.a' }],
    ['ann-2', 'Ann'],
    ['bob', 'Bob'],
    ['carol', 'Carol'],
    ['rex', 'Rex', { revoked: '2020-01-01T00:00:00Z' }],
    ['eve', 'Eve', { expires: '2020-01-01T00:00:00Z' }],
    ['mallory', 'Mallory'],
  ];
  return Object.fromEntries(
    people.map(([id, person, more]) => {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const text = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
      return [id, { entry: { id, person, publicKey: text, ...more }, privateKey: privateKey as KeyObject }];
    }),
  );
}

/** Keeps what runs log about answers; the rest of the SDK's messages are not the point here. */
export function quietRuntime(logged: string[]): void {
  const keep = (message: string, meta?: object): void => {
    if (message.startsWith('approval refused')) logged.push(`${message} ${JSON.stringify(meta)}`);
  };
  const ignore = (): void => undefined;
  const logger = {
    log: (_level: string, message: string, meta?: object) => keep(message, meta),
    trace: ignore,
    debug: ignore,
    info: keep,
    warn: keep,
    error: keep,
  };
  Runtime.install({ logger });
}
