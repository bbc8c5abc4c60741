/** A real Temporal, a runbook worker, and activity workers of regions that come and go, for tests of where steps are taken up. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createDecisions } from '../../activities/decisions.ts';
import { idempotencyKey } from '../../activities/idempotency-key.ts';
import { meantRegion } from '../../activities/meant-region.ts';
import type { RunNotice } from '../../activities/tell.ts';
import { openHumanQuestion } from '../../workers/open-question.ts';
import { connectTemporal } from '../../workers/temporal-connection.ts';
import { type RunningWorker, createWorker } from '../../workers/worker.ts';
import { WINDOW_CLOSED } from '../../workflows/kit/window-message.ts';
import { EFFECTS_STOPPED, type OnResolved, type RegionRule, type RunContext } from '../../workflows/kit/run-context.ts';
import { makeKeys, sendChoice } from './approvals.ts';
import { runbooksBundle } from './bundles.ts';
import { startTestServers } from './servers.ts';
import { until } from './until.ts';
import { byHandContext } from './lab-context.ts';

export interface Done {
  readonly name: string;
  /** Whose worker acted. */
  readonly region: string;
  readonly meant: string | null;
  readonly key: string;
}

export interface RegionLab {
  readonly client: Client;
  readonly told: readonly RunNotice[];
  /** Regions counted as having no worker. */
  readonly counted: readonly string[];
  done(name: string): readonly Done[];
  /** Names of effects that never end, once a worker has begun with them. */
  readonly hangs: Set<string>;
  /** Names of effects that fail, once each. */
  readonly failsOnce: Set<string>;
  /** Names of effects that come after the end of their window when they are made again. */
  readonly closes: Set<string>;
  /** Names of effects that the red button refuses, and those it has refused. */
  readonly stops: Set<string>;
  readonly refused: readonly string[];
  startWorker(region: string, queue?: string): Promise<RunningWorker>;
  begin(runbook: string, id: string, input: unknown, context?: Partial<RunContext>): Promise<WorkflowHandle>;
  /** Answers what it asks, once it does; resolves to the choices there were. */
  answer(handle: WorkflowHandle, choice: string): Promise<readonly string[]>;
  details(handle: WorkflowHandle): Promise<string>;
  phase(handle: WorkflowHandle): Promise<unknown>;
  stop(): Promise<void>;
}

export interface RegionLabOptions {
  readonly regions: Readonly<Record<string, RegionRule>>;
  readonly onResolved?: OnResolved;
}

export type RegionEffects = ReturnType<typeof effectsOf>;

const LIMITS = { maxCachedWorkflows: 50, maxActivities: 20, shutdownGraceMs: 100 };
const ROOT = join(import.meta.dirname, '../..');

interface Faults {
  readonly hangs: Set<string>;
  readonly failsOnce: Set<string>;
  readonly closes: Set<string>;
  readonly stops: Set<string>;
  readonly refused: string[];
}

const effectsOf = (region: string, done: Done[], { hangs, failsOnce, closes, stops, refused }: Faults) => ({
  effect: async ({ name }: { readonly name: string }): Promise<string> => {
    if (stops.has(name)) {
      refused.push(name);
      // As the worker refuses an effect, at the first attempt.
      const details = [{ scope: 'all', why: '', by: 'Ann', at: '2026-01-01T00:00:00Z' }, Date.now(), 1, true];
      throw ApplicationFailure.create({ type: EFFECTS_STOPPED, nonRetryable: true, details });
    }
    if (closes.has(name) && done.some((each) => each.name === name))
      throw ApplicationFailure.create({ type: WINDOW_CLOSED, nonRetryable: true, details: [true] });
    done.push({ name, region, meant: meantRegion(), key: idempotencyKey() });
    // Deaf to its time-out, as a worker that is cut off.
    if (hangs.has(name)) await Context.current().cancelled;
    if (failsOnce.delete(name)) throw new Error(`${name} fails once`);
    return region;
  },
});

export async function startRegionLab({ regions }: RegionLabOptions): Promise<RegionLab> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const servers = await startTestServers({ temporal: true });
  const { codePath } = await runbooksBundle(
    join(import.meta.dirname, 'region-runbooks.ts'),
    ['kit/run-header', 'kit/fence-header'].map((name) => join(ROOT, 'workflows', `${name}.ts`)),
  );
  const { namespace, temporalAddress: address } = servers;
  const temporal = await connectTemporal({ connection: { address }, namespace, external: true });
  const [told, counted, all]: [RunNotice[], string[], Done[]] = [[], [], []];
  const faults: Faults = { hangs: new Set(), failsOnce: new Set(), closes: new Set(), stops: new Set(), refused: [] };
  const ann = makeKeys()['ann'] ?? assert.fail();
  const decisions = createDecisions({
    approvals: () => ({
      keys: [ann.entry],
      quorum: 1,
      quorums: {},
      expiryMs: 60_000,
      remindersMs: [],
      escalation: [],
    }),
    tell: (notice) => void told.push(notice),
    noWorker: (region) => void counted.push(region),
  });
  const workers = [await createWorker(temporal, { kind: 'runbooks', codePath, decisions }, LIMITS)];
  const { client } = temporal;
  return {
    client,
    told,
    counted,
    ...faults,
    done: (name) => all.filter((each) => each.name === name),
    startWorker: async (region, queue) => {
      const activities = effectsOf(region, all, faults);
      const at = queue === undefined ? {} : { queue };
      const worker = await createWorker(temporal, { kind: 'activities', region, ...at, activities }, LIMITS);
      workers.push(worker);
      await until(`a worker of ${region} polls`, () => worker.polling());
      return worker;
    },
    begin: (runbook, workflowId, input, context = {}) =>
      client.workflow.start(runbook, {
        workflowId,
        taskQueue: 'runbooks',
        args: [input],
        workflowExecutionTimeout: 120_000,
        memo: { tocsin: { ...CONTEXT, regions, ...context } },
      }),
    answer: async ({ workflowId }, choice) => {
      const question = await until(`${workflowId} asks`, () => openHumanQuestion(client, workflowId));
      assert.deepEqual(await sendChoice(client, question, ann, choice), {
        accepted: true,
        state: 'answered',
        missing: 0,
      });
      return question.asked.human.choices;
    },
    details: async (handle) => {
      const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
      return currentDetails ?? '';
    },
    phase: async (handle) => {
      const { typedSearchAttributes } = await handle.describe();
      return typedSearchAttributes.getAll().find(({ key }) => key.name === 'TocsinPhase')?.value;
    },
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.shutdown()));
      await temporal.close();
      await servers.stopAll();
    },
  };
}

const CONTEXT = byHandContext({ region: 'home', onResolved: 'cancel', phases: 'exceptional', cancelled: 'ended' });
