/** `tocsin dev` in a project as `tocsin init` makes it: from the save of a file to the end of a run that executed the new code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine } from '../../triggers/path/engine.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { type TemporalClient, connectClient } from '../../workers/temporal-connection.ts';
import { provideBuiltProgram } from '../support/built-program.ts';
import { byHandContext } from '../support/lab-context.ts';
import { tocsinProcess } from '../support/tocsin-process.ts';
import { until } from '../support/until.ts';
import { ROUNDS } from './path-bench.ts';
import { type Row, row } from './statistics.ts';

const ROOT = join(import.meta.dirname, '../..');
const PORTS = ['NATS', 'TEMPORAL', 'UI', 'INTAKE', 'HEALTH'];
const TOOLS = ['@types', 'tsx', 'typescript'];
const START_MS = 120_000;
/** More runs of the old code than this before the new code runs are a failure. */
const MAX_RUNS = 500;
const PATIENCE_MS = 500;
const RUN_MS = 20_000;

export async function measureDevChanges(report: (line: string) => void): Promise<Row[]> {
  provideBuiltProgram();
  const dev = await startDev();
  try {
    const times = { workflow: [] as number[], activity: [] as number[] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const workflow = await untilNewCode(dev, `${WORKFLOW_DONE}${round}`, () =>
        dev.write('workflows/clear-cache.ts', workflowOf(`${WORKFLOW_DONE}${round}`)),
      );
      const activity = await untilNewCode(dev, `${ACTIVITY_DONE}${round}`, () =>
        dev.write('activities/clear-cache.ts', activityOf(`${ACTIVITY_DONE}${round}`)),
      );
      report(`  round ${round}: workflow file ${workflow.toFixed(2)} s, activity file ${activity.toFixed(2)} s`);
      // The first round warms up.
      if (round === 0) continue;
      times.workflow.push(workflow);
      times.activity.push(activity);
    }
    return [
      row('dev_workflow_change_s', 's', times.workflow, ['<=', 3]),
      row('dev_activity_change_s', 's', times.activity, ['<=', 3]),
    ];
  } finally {
    await dev.stop();
  }
}

const WORKFLOW_DONE = 'workflow-';
const ACTIVITY_DONE = 'activity-';

const workflowOf = (mark: string): string => `import { runbook } from 'tocsin/workflows';
import type { ClearCacheActivities } from '../activities/clear-cache.ts';

export const clearCache = runbook<{ readonly target: string }, string, ClearCacheActivities>(async (_input, run) => {
  const seen = await run.check('which code is this?', (on) => on.lookClearCache());
  return \`${mark} \${seen}\`;
});
`;

const activityOf = (mark: string): string => `import { look } from 'tocsin/activities';

export type ClearCacheActivities = ReturnType<typeof createClearCacheActivities>;

export const createClearCacheActivities = (_dependencies: unknown) => ({
  lookClearCache: look(async () => '${mark}'),
});
`;

interface Dev {
  readonly write: (file: string, text: string) => void;
  /** Resolves to the report of a run that was started now. */
  readonly run: () => Promise<string>;
  /** Resolves when what was changed before runs and its types are checked, as they are when somebody saves again. */
  readonly settled: () => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

async function untilNewCode({ run, settled }: Dev, mark: string, save: () => void): Promise<number> {
  await settled();
  const begun = performance.now();
  save();
  for (let index = 0; index < MAX_RUNS; index += 1) {
    // A run that the change meets may come back late, when a time-out has found its task again; the next one does not wait for it.
    const report = await Promise.race([run().catch(() => ''), pause(PATIENCE_MS)]);
    if (report.split(' ').includes(mark)) return (performance.now() - begun) / 1_000;
  }
  throw new Error(`${MAX_RUNS} runs after the change, and none executed it`);
}

const pause = (ms: number): Promise<string> => new Promise((resolve) => setTimeout(() => resolve(''), ms));

async function startDev(): Promise<Dev> {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-dev-bench-'));
  const project = join(dir, 'runbooks');
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of PORTS) env[`TOCSIN_${name}_PORT`] = String(await freePort());
  const tocsin = (cwd: string, ...args: readonly string[]): ChildProcess =>
    spawn(process.execPath, tocsinProcess(...args), { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  await ended(tocsin(dir, 'init', 'runbooks'));
  await ended(tocsin(project, 'new', 'runbook', 'clearCache'));
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(ROOT, join(project, 'node_modules/tocsin'));
  for (const tool of TOOLS) symlinkSync(join(ROOT, 'node_modules', tool), join(project, 'node_modules', tool));
  const write = (file: string, text: string): void => writeFileSync(join(project, file), text);
  write('workflows/clear-cache.ts', workflowOf('first'));
  write('activities/clear-cache.ts', activityOf('first'));
  const dev = tocsin(project, 'dev');
  let client: TemporalClient | null = null;
  const begun: Promise<string>[] = [];
  const stop = async (): Promise<void> => {
    await Promise.allSettled(begun);
    await client?.close();
    if (dev.exitCode === null && dev.signalCode === null) {
      const gone = once(dev, 'exit');
      dev.kill('SIGINT');
      await gone;
    }
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    let said = '';
    dev.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await untilSaid(dev, () => said, 'dev: ready for alerts');
    const settled = async (): Promise<void> => {
      await untilSaid(dev, () => said, 'types: ');
      said = '';
    };
    client = await connectClient({
      connection: { address: `127.0.0.1:${env['TOCSIN_TEMPORAL_PORT']}` },
      namespace: 'default',
      external: true,
    });
    const runs = client.client;
    let number = 0;
    const run = (): Promise<string> => {
      const report = runOnce({ client: runs, namespace: 'default' }, (number += 1));
      begun.push(report);
      return report;
    };
    return { write, run, settled, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function runOnce(temporal: Parameters<typeof createEngine>[0], number: number): Promise<string> {
  const workflowId = `dev/${number}`;
  await createEngine(temporal).start({
    workflowId,
    workflowType: 'clearCache',
    input: { target: 'demo' },
    context: byHandContext({ onResolved: 'ignore' }),
    executionTimeoutMs: RUN_MS,
    summary: 'which code is this?',
  });
  return temporal.client.workflow.getHandle(workflowId).result() as Promise<string>;
}

async function untilSaid(dev: ChildProcess, said: () => string, text: string): Promise<void> {
  await until(
    `tocsin dev says ${text}`,
    () => {
      if (dev.exitCode !== null) throw new Error(`it ended with ${dev.exitCode}: ${said()}`);
      return said().includes(text);
    },
    START_MS,
  );
}

async function ended(child: ChildProcess): Promise<void> {
  child.stdout?.resume();
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${code}`);
}
