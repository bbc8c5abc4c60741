/**
 * Runbooks under test: the real workflow code on a real Temporal server whose time is skipped, with activities that the test gives. A month
 * of waiting takes milliseconds. One kit per test file: its server and its bundle are made once.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import type { ApprovalSettings } from '../../activities/approvals.ts';
import { createDecisions } from '../../activities/decisions.ts';
import { permanent } from '../../activities/permanent.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/kit/run-context.ts';
import { BundleProblem } from '../bundle-problem.ts';
import { workflowBundle } from '../bundle.ts';
import { addSearchAttributes } from '../provision.ts';
import { provideBinary } from '../servers/binaries.ts';
import type { TemporalConnection } from '../temporal-connection.ts';
import { type RunningWorker, createWorker } from '../worker.ts';
import { causeText } from './cause-text.ts';
import type { Fakes } from './fakes.ts';
import { type Happening, happen } from './happenings.ts';
import { type Start, startOf } from './start.ts';
import { type TestPlaces, placesOf } from './test-places.ts';
import { testPeople } from './test-people.ts';
import { inVirtualTime } from './in-virtual-time.ts';
import { testConnection } from './test-connection.ts';
import { TestRun } from './test-run.ts';

export interface TestKitOptions {
  /** Front door of the runbooks, such as `new URL('../workflows/index.ts', import.meta.url)`; default: the project's. */
  readonly workflows?: URL | string;
  /** Regions in which the runbooks act. Default: `eu` and `us`. */
  readonly regions?: readonly string[];
  /** Windows, targets and zones of a test; without it every window is closed by doubt, and every rollout refused. */
  readonly places?: TestPlaces;
  /** How many of Ann, Bob and Carol have to approve a plan. Default: 1. */
  readonly quorum?: number;
}

export type RunOptions<Runbook> = Start<Runbook> & {
  readonly activities: Fakes<ActsOf<Runbook>>;
  /**
   * Start at this instant, ms since 1970 (`at('2027-03-28T01:30+01:00[Europe/Berlin]')`). Default: now. The kit's time only goes forward,
   * and after each run by the bound on that run.
   */
  readonly at?: number;
  /** What happens meanwhile, in this order. */
  readonly meanwhile?: readonly Happening[];
};

/** `Runbooks`: `typeof runbooks`, of `import type * as runbooks from '../workflows/index.ts'`. */
export interface TestKit<Runbooks> {
  /** Runs it to its end. Does not reject when the run fails: that is in the result. */
  run<Name extends keyof Runbooks & string>(
    name: Name,
    options: RunOptions<Runbooks[Name]>,
  ): Promise<TestRun<ReportOf<Runbooks[Name]>>>;
  /** Virtual time, ms since 1970. */
  now(): Promise<number>;
  close(): Promise<void>;
}

type ActsOf<Runbook> = Runbook extends { readonly acts?: infer Acts } ? NonNullable<Acts> : never;
type ReportOf<Runbook> = Runbook extends (input: never) => Promise<infer Report> ? Report : never;

const LIMITS = { maxCachedWorkflows: 100, maxActivities: 50, shutdownGraceMs: 2_000 };
/** Real. A run that waits for something that never happens ends a test, and does not hang it. */
const PATIENCE_MS = 60_000;

/**
 * @example
 * import type * as runbooks from '../workflows/index.ts';
 * const kit = await openTestKit<typeof runbooks>();
 */
export async function openTestKit<Runbooks>({
  workflows,
  regions = ['eu', 'us'],
  places,
  quorum = 1,
}: TestKitOptions = {}): Promise<TestKit<Runbooks>> {
  quiet();
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-testing-'));
  const path = await provideBinary('temporal-test-server');
  const bundle = await workflowBundle(
    dir,
    pino({ level: 'silent' }),
    workflows === undefined ? {} : { workflows: fileOf(workflows) },
  );
  if (bundle.broken.length > 0)
    throw new BundleProblem(
      bundle.broken.map(({ problem }) => problem),
      null,
    );
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  const temporal = testConnection(environment);
  await addSearchAttributes(temporal, SEARCH_ATTRIBUTES);
  const fakes = new Map<string, AnyFakes>();
  const people = testPeople();
  const workers = await startWorkers(temporal, {
    codePath: bundle.codePath,
    regions,
    fakes,
    places,
    approvals: { ...APPROVALS, keys: people.ring, quorum },
    virtualNow: () => environment.currentTimeMs(),
  });
  let runs = 0;
  return {
    run: async (name, options) => {
      const { activities, at, meanwhile = [] } = options;
      await moveTo(environment, at);
      const request = startOf(name, (runs += 1), options, regions[0] ?? '');
      const { workflowId } = request;
      fakes.set(workflowId, activities as AnyFakes);
      await createEngine(temporal).start(request);
      const handle = environment.client.workflow.getHandle(workflowId);
      try {
        for (const each of meanwhile) await happen(each, handle, environment, people);
      } catch (error) {
        // The test has failed; its run must not hold up the time of the next one.
        await handle.terminate(NOT_SO).catch(() => undefined);
        throw error;
      }
      const patience = setTimeout(() => void handle.terminate(GIVEN_UP).catch(() => undefined), PATIENCE_MS);
      const end = await handle.result().then(
        (report: unknown) => ({ report, failure: null }),
        (error: unknown) => ({ report: null, failure: causeText(error) }),
      );
      clearTimeout(patience);
      return new TestRun(await handle.fetchHistory(), { ...end, workflowId }) as never;
    },
    now: () => environment.currentTimeMs(),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.shutdown()));
      await environment.teardown();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const NOT_SO = 'what the test said would happen meanwhile did not';
const GIVEN_UP = `not over after ${PATIENCE_MS / 1_000} s: it waits for what this test never does`;

type AnyFakes = Readonly<Record<string, ((input: unknown) => unknown) | undefined>>;

interface WorkerParts {
  readonly codePath: string;
  readonly regions: readonly string[];
  readonly fakes: ReadonlyMap<string, AnyFakes>;
  readonly places: TestPlaces | undefined;
  readonly approvals: ApprovalSettings;
  readonly virtualNow: () => Promise<number>;
}

function startWorkers(temporal: TemporalConnection, parts: WorkerParts): Promise<RunningWorker[]> {
  const { codePath, regions, fakes, places, approvals, virtualNow } = parts;
  const decisions = inVirtualTime(virtualNow, (now) =>
    createDecisions({
      approvals: () => approvals,
      now,
      ...(places === undefined ? {} : placesOf(places)),
      tell: () => undefined,
    }),
  );
  return Promise.all([
    createWorker(temporal, { kind: 'runbooks', codePath, decisions }, LIMITS),
    ...regions.map((region) =>
      createWorker(temporal, { kind: 'activities', region, activities: { default: answerFrom(fakes) } }, LIMITS),
    ),
  ]);
}

const APPROVALS = { quorums: {}, expiryMs: 1_800_000, remindersMs: [], escalation: [] };

/** Every activity of every run comes here; the run tells whose it is. */
const answerFrom =
  (fakes: ReadonlyMap<string, AnyFakes>) =>
  async (input: unknown): Promise<unknown> => {
    const { activityType, workflowExecution } = Context.current().info;
    const fake = fakesOf(workflowExecution?.workflowId ?? '', fakes)?.[activityType];
    if (fake === undefined)
      throw permanent('NoAnswer', `the test gives no answer for ${activityType}; expected it under \`activities\``);
    return fake(input);
  };

/** A part of a run is answered as the run is: its id begins with that of the run. */
function fakesOf(workflowId: string, fakes: ReadonlyMap<string, AnyFakes>): AnyFakes | undefined {
  const end = workflowId.lastIndexOf('/');
  return fakes.get(workflowId) ?? (end < 0 ? undefined : fakesOf(workflowId.slice(0, end), fakes));
}

async function moveTo(environment: TestWorkflowEnvironment, at: number | undefined): Promise<void> {
  if (at === undefined) return;
  const ahead = at - (await environment.currentTimeMs());
  if (ahead < 0)
    throw new RangeError(
      `${new Date(at).toISOString()} is ${Math.ceil(-ahead / 1_000)} s behind the kit's time, which begins now and only goes ` +
        'forward; take a later year, or put later instants into later tests',
    );
  await environment.sleep(ahead);
}

const fileOf = (place: URL | string): string => (typeof place === 'string' ? place : fileURLToPath(place));

/** Runs that fail are often the point of a test; the SDK's warnings about them, and about the server for tests, are not. */
function quiet(): void {
  try {
    Runtime.install({
      logger: new DefaultLogger('ERROR'),
      telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
    });
  } catch {
    // Another kit of this process has done it.
  }
}
