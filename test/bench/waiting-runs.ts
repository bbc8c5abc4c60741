/** Part of `time`: 2,000 runs that wait for a window at once, on a real Temporal; what they cost their worker, and what a day costs each. */
import { OVERRIDE_SIGNAL } from '../../workflows/kit/window-message.ts';
import { until } from '../support/until.ts';
import { startWindowLab } from '../support/window-lab.ts';
import { type Row, row } from './statistics.ts';

const RUNS = 2_000;
/** Started at once. */
const BATCH = 50;
/** Of which the history is counted. */
const SAMPLE = 20;
const DAY_MS = 86_400_000;
const WAITING = `TocsinPhase = 'waiting' AND ExecutionStatus = 'Running'`;
/** The opening is further away than a day. */
const LOOKS_PER_DAY = 1;

export async function waitingRuns(report: (line: string) => void): Promise<Row[]> {
  const lab = await startWindowLab({ maxCachedWorkflows: 500 });
  try {
    lab.freeze(-DAY_MS, 10 * DAY_MS);
    const before = process.memoryUsage().rss;
    const ids: string[] = [];
    for (let begun = 0; begun < RUNS; begun += BATCH)
      ids.push(...(await Promise.all(Array.from({ length: BATCH }, () => lab.begin('patch')))));
    const { workflow } = lab.temporal.client;
    await until('all wait', async () => (await workflow.count(WAITING)).count === RUNS, 180_000);
    const rss = process.memoryUsage().rss;
    report(
      `${RUNS} runs wait; the worker, in one process with this bench, took ${Math.round((rss - before) / 2 ** 20)} MiB for them`,
    );
    const events = await Promise.all(ids.slice(0, SAMPLE).map((id) => eventsOfOneLook(workflow.getHandle(id))));
    return [
      row('waiting_2000_rss_mib', 'MiB', [rss / 2 ** 20]),
      row(
        'waiting_events_per_day',
        'events',
        events.map((each) => each * LOOKS_PER_DAY),
        ['<=', 8],
      ),
    ];
  } finally {
    await lab.stop();
  }
}

type Handle = ReturnType<Awaited<ReturnType<typeof startWindowLab>>['temporal']['client']['workflow']['getHandle']>;

/** Woken by a signal that opens nothing, which is one event more; a timer that is cancelled counts as one that fires. */
async function eventsOfOneLook(handle: Handle): Promise<number> {
  const before = await quiet(handle, 0);
  await handle.signal(OVERRIDE_SIGNAL, 'open', { payload: '', key: '', signature: '' });
  return (await quiet(handle, before + 1)) - before - 1;
}

/** Events in the history, once the run sleeps again after event `past`. */
async function quiet(handle: Handle, past: number): Promise<number> {
  return until('it sleeps', async () => {
    const events = (await handle.fetchHistory()).events ?? [];
    return events.length > past && events.at(-1)?.timerStartedEventAttributes != null ? events.length : null;
  });
}
