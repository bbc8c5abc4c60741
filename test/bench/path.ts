/**
 * `path`: what the way from event to run costs, against the same work without Tocsin. Each ratio is taken within one run, interleaved,
 * as the median of the rounds, because machines differ from minute to minute.
 */
import { withBench } from './path-bench.ts';
import { measureIdle } from './path-idle.ts';
import { measureLatencies } from './path-latencies.ts';
import { measureSettles } from './path-settles.ts';
import { measureStarts } from './path-starts.ts';
import type { Row } from './statistics.ts';

export async function path(report: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries({
    starts: measureStarts,
    settles: measureSettles,
    latencies: measureLatencies,
  })) {
    report(`${name} ...`);
    rows.push(...(await withBench((bench) => measure(bench, report))));
  }
  return [...rows, ...(await measureIdle(report))];
}
