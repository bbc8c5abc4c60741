/** What trust costs: history events and Temporal actions per run, and how fast slots change hands. A list of cases; each brings its own servers. */
import type { Row } from './statistics.ts';
import { trustApproval } from './trust-approval.ts';
import { limitFigures } from './trust-limits.ts';

type Case = (report: (line: string) => void) => Promise<Row[]>;

const CASES: readonly Case[] = [limitFigures, trustApproval];

export async function trust(report: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const each of CASES) rows.push(...(await each(report)));
  return rows;
}
