/**
 * `runbooks`: what the kit costs a run against plain Temporal code, what one process saves, and how long an engineer waits. Ratios are taken within
 * one run, interleaved, as the median of the rounds.
 */
import { measureAuthoringKit } from './authoring-kit.ts';
import { measureDevChanges } from './dev-changes.ts';
import { measureEagerStarts } from './eager-starts.ts';
import { withBench } from './path-bench.ts';
import { measureRepairs } from './repair-cost.ts';
import type { Row } from './statistics.ts';

export async function runbooks(report: (line: string) => void): Promise<Row[]> {
  // First, because its quiet runtime is then that of this process: what the SDK warns of goes to stdout, which is for the rows.
  report('bundle and test kit ...');
  const rows = await measureAuthoringKit();
  for (const [name, measure] of Object.entries({ repairs: measureRepairs, 'eager starts': measureEagerStarts })) {
    report(`${name} ...`);
    rows.push(...(await withBench((bench) => measure(bench, report))));
  }
  report('dev ...');
  return [...rows, ...(await measureDevChanges(report))];
}
