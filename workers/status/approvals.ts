/** Runs that wait for somebody to approve them, longest first. */
import { type ListedRun, listRuns } from '../listed-run.ts';
import { runsQuery } from '../runs-query.ts';
import { ago } from './ago.ts';
import type { StatusSection } from './section.ts';

/** Phase of a run that asks a human before its first effect. */
const PHASE = 'approval';
const MAX_LISTED = 50;
const MAX_SHOWN = 5;

export const approvals: StatusSection = {
  name: 'approvals',
  look: async (session) => {
    const { client } = await session.temporal();
    const waiting: ListedRun[] = [];
    for await (const run of listRuns(client, runsQuery({ status: 'running', phase: PHASE }), MAX_LISTED))
      waiting.push(run);
    waiting.reverse();
    const now = Date.now();
    return {
      lines: [
        waiting.length === 0 ? 'none waits' : `${waiting.length}${waiting.length === MAX_LISTED ? '+' : ''} waiting`,
        ...waiting
          .slice(0, MAX_SHOWN)
          .map(({ workflowId, startedAt }) => `${workflowId}, started ${ago(now - Date.parse(startedAt))} ago`),
      ],
      facts: waiting,
      bad: waiting.length > 0,
    };
  },
};
