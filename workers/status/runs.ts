/** Runs by state, of the last day; and those that left the ordinary way. */
import type { Client } from '@temporalio/client';
import { runsQuery } from '../runs-query.ts';
import type { StatusSection } from './section.ts';

const WINDOW_MS = 86_400_000;
const CALL_TIMEOUT_MS = 5_000;
const STATUSES = ['running', 'completed', 'failed', 'terminated', 'canceled', 'timed-out'] as const;
const PHASES = ['approval', 'asking', 'waiting', 'stopped', 'no-worker', 'undoing'] as const;

export const runs: StatusSection = {
  name: 'runs',
  look: async (session) => {
    const { client } = await session.temporal();
    const since = Date.now() - WINDOW_MS;
    const byStatus = await counts(STATUSES, (status) =>
      // A run that goes on counts whenever it began.
      countRuns(client, runsQuery(status === 'running' ? { status } : { status, since })),
    );
    const byPhase = await counts(PHASES, (phase) => countRuns(client, runsQuery({ status: 'running', phase })));
    return {
      lines: [
        textOf(byStatus) || 'none within 24 h',
        ...(textOf(byPhase) === '' ? [] : [`running: ${textOf(byPhase)}`]),
      ],
      facts: { since: new Date(since).toISOString(), byStatus, byPhase },
      bad: false,
    };
  },
};

export async function countRuns(client: Client, query: string): Promise<number> {
  const { count } = await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => client.workflow.count(query));
  return count;
}

async function counts<N extends string>(names: readonly N[], count: (name: N) => Promise<number>) {
  const found = await Promise.all(names.map(async (name) => [name, await count(name)] as const));
  return Object.fromEntries(found);
}

const textOf = (found: Readonly<Record<string, number>>): string =>
  Object.entries(found)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
