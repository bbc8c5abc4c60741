/**
 * Part of `time`: 2,000 runs that wait for a window at once, on a real Temporal, in a `tocsin worker` as users start it: the memory of that
 * process, and the events that a day of waiting adds to the history of each run. Takes two or three minutes.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { createEngine } from '../../triggers/path/engine.ts';
import type { WaveInput } from '../../workflows/kit/index.ts';
import { OVERRIDE_SIGNAL } from '../../workflows/kit/window-message.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';
import { rssMb } from '../support/process-cost.ts';
import { type Row, row } from './statistics.ts';
import { byHandContext } from '../support/lab-context.ts';

const RUNS = 2_000;
/** Started at once. */
const BATCH = 50;
/** Bound on the wait until all of them wait. */
const ALL_WAIT_MS = 180_000;
/** Of which the history is counted. */
const SAMPLE = 20;
const DAY_MS = 86_400_000;
const WAITING = `TocsinPhase = 'waiting' AND ExecutionStatus = 'Running'`;
/** The opening is further away than a day. */
const LOOKS_PER_DAY = 1;
const WINDOW = 'frozen';

export async function waitingRuns(report: (line: string) => void): Promise<Row[]> {
  const tocsin = await startInstallation({ config: () => PLACES });
  try {
    const worker = await tocsin.startReady('worker');
    const idle = rssMb(worker.pid);
    const ids = await startAll(tocsin);
    const { workflow } = tocsin.client;
    await until('all wait', async () => (await workflow.count(WAITING)).count === RUNS, ALL_WAIT_MS);
    const rss = rssMb(worker.pid);
    const { maxCachedWorkflows } = tocsin.config.worker;
    report(
      `${RUNS} runs wait, ${maxCachedWorkflows} of them at most in memory; the worker process has ${Math.round(rss)} MiB, and had ${Math.round(idle)} MiB before`,
    );
    const events = await Promise.all(ids.slice(0, SAMPLE).map((id) => eventsOfOneLook(workflow.getHandle(id))));
    return [
      row('waiting_2000_rss_mib', 'MiB', [rss]),
      row('waiting_0_rss_mib', 'MiB', [idle]),
      row(
        'waiting_events_per_day',
        'events',
        events.map((each) => each * LOOKS_PER_DAY),
        ['<=', 8],
      ),
    ];
  } finally {
    await tocsin.stop();
  }
}

/** A window that a freeze keeps shut for ten days. */
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();
const PLACES = {
  regions: [{ name: 'eu', zone: 'Europe/Berlin' }],
  windows: { [WINDOW]: { times: ['00:00-24:00'], exclude: ['freezes'] } },
  freezes: [{ from: inDays(-1), to: inDays(10), why: 'bench' }],
};

async function startAll(tocsin: Installation): Promise<string[]> {
  const engine = createEngine({ client: tocsin.client, namespace: tocsin.servers.namespace });
  const ids = Array.from({ length: RUNS }, (_each, index) => `bench/waiting-${index}`);
  for (let begun = 0; begun < RUNS; begun += BATCH)
    await Promise.all(
      ids.slice(begun, begun + BATCH).map((workflowId) =>
        engine.start({
          workflowId,
          workflowType: 'patchWave',
          input: WAVE,
          context: CONTEXT,
          executionTimeoutMs: 30 * DAY_MS,
          summary: 'waits for its window',
        }),
      ),
    );
  return ids;
}

/** Of one target, which is never reached. */
const WAVE: WaveInput = {
  wave: 'bench',
  targets: [{ name: 'checkout', region: 'eu' }],
  window: WINDOW,
  needMs: 900_000,
  parallel: 1,
  soakMs: 0,
  mayFail: 0,
};
const CONTEXT = byHandContext({ onResolved: 'cancel' });

/** Woken by a signal that opens nothing, which is one event more; a timer that is cancelled counts as one that fires. */
async function eventsOfOneLook(handle: WorkflowHandle): Promise<number> {
  const before = await quiet(handle, 0);
  await handle.signal(OVERRIDE_SIGNAL, WINDOW, { payload: '', key: '', signature: '' });
  return (await quiet(handle, before + 1)) - before - 1;
}

/** Events in the history, once the run sleeps again after event `past`. */
async function quiet(handle: WorkflowHandle, past: number): Promise<number> {
  return until('it sleeps', async () => {
    const events = (await handle.fetchHistory()).events ?? [];
    return events.length > past && events.at(-1)?.timerStartedEventAttributes != null ? events.length : null;
  });
}
