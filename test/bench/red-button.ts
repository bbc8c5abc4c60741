/**
 * From the stop to the last effect, in each outage; TRIALS of each, 100 by default. Each outage has servers of its own, and all are measured
 * side by side: a trial is mostly a wait, and what the others take from the machine makes a stop later, not earlier.
 */
import { type Down, OUTAGES, startRedButtonTrials } from '../support/red-button-trials.ts';
import { type Row, percentile } from './statistics.ts';

const TRIALS = Number(process.env['TRIALS'] ?? 100);
const PROMISE_MS = 2_000;

export async function redButton(report: (line: string) => void): Promise<Row[]> {
  const measured = await Promise.allSettled(
    Object.entries(OUTAGES).map(([name, down]) => measureOutage(name, down, report)),
  );
  // Only when all have stopped their servers.
  return measured.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
}

async function measureOutage(name: string, down: Down, report: (line: string) => void): Promise<Row> {
  const trials = await startRedButtonTrials();
  try {
    const found: number[] = [];
    while (found.length < TRIALS) {
      found.push((await trials.trial(down)).afterPressMs);
      if (found.length % 10 === 0) report(`red-button, ${name}: ${found.length} of ${TRIALS}`);
    }
    const row = rowOf(name, found);
    report(`${row.name}: ${row.value} ms (${row.spread.join(' to ')})`);
    return row;
  } finally {
    await trials.stop();
  }
}

const rowOf = (name: string, found: readonly number[]): Row => ({
  name: `red-button p99, ${name}`,
  value: Math.round(percentile(found, 0.99)),
  unit: 'ms',
  target: `<= ${PROMISE_MS}`,
  ok: Math.max(...found) <= PROMISE_MS,
  spread: [Math.round(Math.min(...found)), Math.round(Math.max(...found))],
});
