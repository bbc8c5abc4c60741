/** Servers for stories in which a process dies at a failpoint, each told in a region of its own, and what must hold at the end of each. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { LANES, eventStream, laneConsumer } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { type AuditReport, audit } from '../../triggers/path/audit.ts';
import type { LedgerRecord } from '../../triggers/path/disposition.ts';
import type { RunInfo, StoredDeadLetter } from '../../triggers/path/ports.ts';
import { createRuns } from '../../triggers/path/runs.ts';
import { type RegionPath, regionPath } from '../../workers/region-path.ts';
import type { Failpoint, Wanted } from './failpoint.ts';
import { type TestServers, startTestServers } from './servers.ts';
import { until } from './until.ts';
import { type WorkflowTasks, answerWorkflowTasks } from './workflow-tasks.ts';

const BUILT = pathToFileURL(join(import.meta.dirname, 'built-import.mjs')).href;

/** What each process under failpoints is told. */
export interface FailpointSettings {
  readonly natsUrl: string;
  readonly temporalAddress: string;
  readonly region: string;
  readonly failpoints: readonly Failpoint[];
  readonly logFile: string;
  readonly callsFile: string;
}

export interface FailpointLab {
  readonly log: EventLog;
  readonly client: Client;
  readonly tasks: WorkflowTasks;
  /** Tells the story with the process dying where it is told to; resolves to what the last process has called. */
  tell(story: Story, region: string, wanted?: Wanted): Promise<ReadonlySet<string>>;
  stop(): Promise<void>;
}

export interface Story {
  /** How long the streams of its region know a copy: short where the path has to tell copies apart by itself. */
  readonly duplicateWindowMs: number;
  tell(trial: Trial): Promise<void>;
}

/** One region while one story is told in it. */
export interface Trial {
  readonly lab: FailpointLab;
  readonly region: string;
  readonly path: RegionPath;
  /** Of this trial alone. */
  file(name: string): string;
  /** Starts a process under the failpoint of the trial, and anew whenever it dies, as an init system would. */
  supervise(program: Program, settings: object, options?: Supervision): void;
  /** Ends what was opened in the story, newest first. */
  onEnd(close: () => Promise<unknown>): void;
  /** What its events have started. */
  runs(): Promise<readonly RunInfo[]>;
  records(): Promise<readonly LedgerRecord[]>;
  letters(): Promise<readonly StoredDeadLetter[]>;
  /** Resolves once every event is acknowledged, and the process has died where it was told to. */
  settled(): Promise<void>;
  /** Fails unless the audit finds nothing. */
  audited(): Promise<AuditReport['counts']>;
}

export type Program = 'failpoint-process' | 'failpoint-intake';

export interface Supervision {
  /** Beside the one of the trial. */
  readonly failpoints?: readonly Failpoint[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Small streams: one region for each case fits beside the others. */
const STREAM_BYTES = 64 * 1_048_576;
const NAMESPACE = 'default';
/** Several stories are told at once, and each begins and ends processes. */
const WITHIN_MS = 300_000;

/** `until` with the bound of a story. */
export const inStory = <T>(what: string, look: () => T | Promise<T>) => until(what, look, WITHIN_MS);

export async function startFailpointLab(): Promise<FailpointLab> {
  const servers = await startTestServers({ nats: true, temporal: true });
  const log = await connectLog({ servers: servers.natsUrl, name: 'test' });
  const connection = await Connection.connect({ address: servers.temporalAddress });
  const client = new Client({ connection });
  const tasks = answerWorkflowTasks(client, 'wait');
  const children = new Set<ChildProcess>();
  const lab: FailpointLab = {
    log,
    client,
    tasks,
    tell: async (story, region, wanted) => {
      const { trial, end } = await openTrial(lab, servers, children, { region, ...story }, wanted);
      const logFile = trial.file('log');
      try {
        await story.tell(trial);
      } catch (error) {
        const words = existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n').slice(-15).join('\n') : '';
        throw new Error(`${error instanceof Error ? error.message : String(error)}\n${words}`, { cause: error });
      } finally {
        await end();
      }
      // A process that died at the very end may be stopped before it could note anything.
      const calls = trial.file('calls');
      return new Set(existsSync(calls) ? (JSON.parse(readFileSync(calls, 'utf8')) as string[]) : []);
    },
    stop: async () => {
      for (const child of children) child.kill('SIGKILL');
      try {
        await tasks.close();
        await log.close();
        await connection.close();
      } finally {
        await servers.stopAll();
      }
    },
  };
  return lab;
}

async function openTrial(
  lab: FailpointLab,
  servers: TestServers,
  children: Set<ChildProcess>,
  { region, duplicateWindowMs }: { readonly region: string; readonly duplicateWindowMs: number },
  wanted: Wanted | undefined,
): Promise<{ readonly trial: Trial; readonly end: () => Promise<void> }> {
  const { log, client } = lab;
  const specs = regionTopology(region, { duplicateWindowMs, replicas: 1, ackWaitMs: 1_500 });
  await log.ensureTopology(
    specs.map((spec) => ({ ...spec, maxBytes: STREAM_BYTES })),
    true,
  );
  const path = regionPath(region, log);
  const closing: (() => Promise<unknown>)[] = [];
  const file = (name: string): string => join(servers.dir, `${region}.${name}`);
  const failpoint = wanted === undefined ? null : { ...wanted, marker: file('failpoint') };
  const trial: Trial = {
    lab,
    region,
    path,
    file,
    ...outcomeOf(path, client),
    supervise: (program, settings, { failpoints = [], env = {} } = {}) => {
      const common: FailpointSettings = {
        natsUrl: servers.natsUrl,
        temporalAddress: servers.temporalAddress,
        region,
        failpoints: failpoint === null ? failpoints : [...failpoints, failpoint],
        logFile: file('log'),
        callsFile: file('calls'),
      };
      closing.push(supervise(program, { ...settings, ...common }, env, children));
    },
    onEnd: (close) => void closing.push(close),
    settled: async () => {
      await inStory('everything is acknowledged', async () => (await waiting(path)) === 0);
      if (failpoint !== null) await inStory('the failpoint was reached', () => existsSync(failpoint.marker));
    },
  };
  const end = async (): Promise<void> => {
    for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close();
    // Sweepers of other trials list every run there is.
    await Promise.all((await trial.runs()).map((run) => forget(client, run)));
  };
  return { trial, end };
}

/** What has become of everything since now. */
function outcomeOf(path: RegionPath, client: Client): Pick<Trial, 'runs' | 'records' | 'letters' | 'audited'> {
  const begun = Date.now();
  const runs = createRuns({ client, namespace: NAMESPACE });
  const ours = ({ context }: RunInfo): boolean => context?.event?.stream === eventStream(path.region);
  return {
    runs: async () => (await collect(runs.startedSince(begun))).filter(ours),
    records: () => collect(path.ledger.read({})),
    letters: () => collect(path.deadLetters.list()),
    audited: async () => {
      const report = await audit({ ...path, runs, since: begun, repair: false, instance: 'test' });
      assert.deepEqual(report.offenders, []);
      return report.counts;
    },
  };
}

async function forget(client: Client, { workflowId, runId }: RunInfo): Promise<void> {
  await client.workflowService.deleteWorkflowExecution({
    namespace: NAMESPACE,
    workflowExecution: { workflowId, runId },
  });
}

async function waiting({ log, region }: RegionPath): Promise<number> {
  const lanes = LANES.map((lane) => log.consumerState(eventStream(region), laneConsumer(lane)));
  return (await Promise.all(lanes)).reduce((sum, { pending, ackPending }) => sum + pending + ackPending, 0);
}

/** Returns how to end it. */
function supervise(
  program: Program,
  settings: object,
  env: Readonly<Record<string, string>>,
  children: Set<ChildProcess>,
): () => Promise<void> {
  let stopping = false;
  let current: ChildProcess;
  const begin = (): void => {
    current = spawn(
      process.execPath,
      ['--import', 'tsx', '--import', BUILT, join(import.meta.dirname, `${program}.ts`), JSON.stringify(settings)],
      { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } },
    );
    children.add(current);
    const child = current;
    child.once('exit', () => {
      children.delete(child);
      if (!stopping) begin();
    });
  };
  begin();
  return async () => {
    stopping = true;
    if (current.exitCode !== null || current.signalCode !== null) return;
    const gone = once(current, 'exit');
    current.kill('SIGTERM');
    await gone;
  };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
