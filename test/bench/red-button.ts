/** From the stop to the last effect, in each outage; TRIALS of each, 100 by default. */
import { OUTAGES, startRedButtonTrials } from '../support/red-button-trials.ts';
import { type Row, percentile } from './statistics.ts';

const TRIALS = Number(process.env['TRIALS'] ?? 100);
const PROMISE_MS = 2_000;

export async function redButton(report: (line: string) => void): Promise<Row[]> {
  const trials = await startRedButtonTrials();
  try {
    const rows: Row[] = [];
    for (const [name, down] of Object.entries(OUTAGES)) {
      const found: number[] = [];
      while (found.length < TRIALS) {
        found.push((await trials.trial(down)).afterPressMs);
        if (found.length % 10 === 0) report(`red-button, ${name}: ${found.length} of ${TRIALS}`);
      }
      const row = rowOf(name, found);
      report(`${row.name}: ${row.value} ms (${row.spread.join(' to ')})`);
      rows.push(row);
    }
    return rows;
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
