/** Runs that wait for somebody to approve them or to answer what they ask, longest first. */
import { type ListedRun, listRuns } from '../listed-run.ts';
import { runsQuery } from '../runs-query.ts';
import { ago } from './ago.ts';
import type { StatusSection } from './section.ts';

/** Phases of a run that waits for a human: for the approval of its plan, and for an answer. */
const PHASES = ['approval', 'asking'] as const;
const MAX_LISTED = 50;
const MAX_SHOWN = 5;

export const approvals: StatusSection = {
  name: 'approvals',
  look: async (session) => {
    const { client } = await session.temporal();
    const waiting: ListedRun[] = [];
    for (const phase of PHASES)
      for await (const run of listRuns(client, runsQuery({ status: 'running', phase }), MAX_LISTED)) waiting.push(run);
    waiting.sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
    const now = Date.now();
    return {
      lines: [
        waiting.length === 0 ? 'none waits' : `${waiting.length}${waiting.length >= MAX_LISTED ? '+' : ''} waiting`,
        ...waiting
          .slice(0, MAX_SHOWN)
          .map(
            ({ workflowId, startedAt, phase }) =>
              `${workflowId}, ${phase === 'asking' ? 'asks, ' : ''}started ${ago(now - Date.parse(startedAt))} ago`,
          ),
      ],
      facts: waiting,
      bad: waiting.length > 0,
    };
  },
};
