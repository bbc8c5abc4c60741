/**
 * Runs that keep to windows, on a real Temporal with real zone data. The window `open` is open always but for the freezes that a test puts
 * in; `doubtful` needs a list that is out of date; `leap` never opens. Everything is closed by `stop`.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ApproverKey } from '../../activities/approvals.ts';
import { type ZoneData, zoneDataSource } from '../../activities/calendar/zone-data.ts';
import { createDecisions } from '../../activities/decisions.ts';
import { refusePlans } from '../../activities/refuse-plans.ts';
import type { RunNotice } from '../../activities/tell.ts';
import { type Freeze, readHolidayList } from '../../activities/windows/holiday-list.ts';
import { createWindows } from '../../activities/windows/windows.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import type { SigningKey } from '../../workers/approval-key.ts';
import { type TemporalConnection, connectTemporal } from '../../workers/temporal-connection.ts';
import { createWorker } from '../../workers/worker.ts';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import type { WindowOptions } from '../../workflows/kit/window-options.ts';
import { makeKeys, quietRuntime } from './approvals.ts';
import { runbooksBundle } from './bundles.ts';
import { type TestServers, startTestServers } from './servers.ts';
import { createWindowActs } from './window-acts.ts';
import { labContext } from './lab-context.ts';

export interface WindowLab {
  readonly temporal: TemporalConnection;
  readonly keys: Readonly<Record<string, SigningKey>>;
  readonly told: RunNotice[];
  /** What was done, each as `workflow id, effect, name`. */
  readonly calls: string[];
  /** Puts a freeze in, from and up to so many ms from now; rounded to whole seconds. */
  freeze(fromMs: number, toMs: number): Freeze;
  thaw(): void;
  begin(workflowType: string, options?: Partial<WindowOptions>, more?: Begin): Promise<string>;
  /** The checklist of the run. */
  details(workflowId: string): Promise<string>;
  stop(): Promise<void>;
}

export interface Begin {
  readonly window?: string;
  readonly context?: Partial<RunContext>;
  readonly prefix?: string;
  /** Default: longer than any freeze of the tests. */
  readonly executionTimeoutMs?: number;
}

const EXECUTION_TIMEOUT_MS = 86_400_000;

/** Without a cache a query beside a local activity can leave a run stuck, in the SDK's core; that runs replay is shown by their histories. */
const LIMITS = { maxCachedWorkflows: 50, maxActivities: 10, shutdownGraceMs: 1_000 };
const KIT = join(import.meta.dirname, '../../workflows/kit');

export interface LabOptions {
  /** Called within each effect, by its name. */
  readonly during?: (what: string) => void | Promise<void>;
  /** Those of somebody else, who stops them. */
  readonly servers?: Pick<TestServers, 'temporalAddress' | 'namespace'>;
  /** Who may open windows by hand; default: those of `makeKeys`, but for mallory. */
  readonly ring?: readonly ApproverKey[];
  /** Default: those of this machine. */
  readonly zones?: () => ZoneData;
}

export async function startWindowLab({ during, servers: given, ring, zones }: LabOptions = {}): Promise<WindowLab> {
  quietRuntime([]);
  const own = given === undefined ? await startTestServers({ temporal: true }) : null;
  const { temporalAddress: address, namespace } = given ?? (own as TestServers);
  const temporal = await connectTemporal({ connection: { address }, namespace, external: true });
  const { codePath } = await runbooksBundle(join(import.meta.dirname, 'window-runbooks.ts'), [
    join(KIT, 'window-header.ts'),
  ]);
  const [calls, told, freezes]: [string[], RunNotice[], Freeze[]] = [[], [], []];
  const keys = makeKeys();
  const always = { times: ['00:00-24:00'], zone: 'America/Vancouver' };
  const windows = createWindows(
    {
      windows: {
        open: { ...always, exclude: ['freezes'] },
        doubtful: { ...always, exclude: ['holidays:old'] },
        /** The hours from three to nine in Berlin, wherever that is. */
        morning: { times: ['03:00-09:00'], zone: 'Europe/Berlin' },
        leap: { daysOfMonth: 30, months: 'feb', zone: 'UTC' },
      },
      holidays: { old: () => readHolidayList({ dates: [], coversUntil: '2020-12-31' }) },
      freezes,
    },
    zones ?? zoneDataSource(),
    () => undefined,
  );
  const decisions = createDecisions({
    approvals: () => ({
      keys: [keys['ann']!.entry],
      quorum: 1,
      quorums: {},
      expiryMs: 600_000,
      remindersMs: [],
      escalation: [],
    }),
    windows: {
      windows,
      keys: () => ring ?? Object.values(keys).flatMap(({ entry }) => (entry.id === 'mallory' ? [] : [entry])),
      clock: Date.now,
    },
    tell: (notice) => void told.push(notice),
  });
  const activities = refusePlans(createWindowActs(calls, during));
  const workers = [
    await createWorker(temporal, { kind: 'runbooks', codePath, decisions }, LIMITS),
    await createWorker(temporal, { kind: 'activities', region: 'eu', activities }, LIMITS),
  ];
  return {
    temporal,
    keys,
    told,
    calls,
    freeze: (fromMs, toMs) => {
      const [from, to] = [fromMs, toMs].map((ms) => Math.ceil((Date.now() + ms) / 1_000)) as [number, number];
      const freeze = { from, to, why: 'test' };
      freezes.push(freeze);
      return freeze;
    },
    thaw: () => void freezes.splice(0),
    begin: async (
      workflowType,
      options = {},
      { window, context = {}, prefix = '', executionTimeoutMs = EXECUTION_TIMEOUT_MS } = {},
    ) => {
      const workflowId = `${prefix}${workflowType}/${randomBytes(4).toString('hex')}`;
      await createEngine(temporal).start({
        workflowId,
        workflowType,
        input: { options, ...(window === undefined ? {} : { window }) },
        context: { ...CONTEXT, ...context },
        executionTimeoutMs,
        summary: workflowType,
      });
      return workflowId;
    },
    details: async (workflowId) =>
      JSON.stringify(await temporal.client.workflow.getHandle(workflowId).query('__temporal_workflow_metadata')),
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.shutdown()));
      await temporal.close();
      await own?.stopAll();
    },
  };
}

const CONTEXT = labContext({ event: null, service: 'db', severity: null, onResolved: 'cancel' });
