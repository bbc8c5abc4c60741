/** Limits that somebody holds, waits for, or that have stopped; the others only by number. */
import { askLimit, scopesInUse, summaryOf } from '../commands/limits.ts';
import type { StatusSection } from './section.ts';

/** Each is a query that a runbook worker answers. */
const MAX_ASKED = 50;
const MAX_SHOWN = 10;

export const limits: StatusSection = {
  name: 'limits',
  look: async (session) => {
    const temporal = await session.temporal();
    const { ids } = await scopesInUse(temporal);
    const asked = ids.slice(0, MAX_ASKED);
    const views = await Promise.all(
      asked.map(async (workflowId) => ({ workflowId, view: await askLimit(temporal, workflowId) })),
    );
    const silent = views.filter(({ view }) => view === 'silent').map(({ workflowId }) => workflowId);
    const found = views
      .flatMap(({ workflowId, view }) => (typeof view === 'string' ? [] : [factsOf(workflowId, summaryOf(view))]))
      .toSorted((a, b) => Number(b.stopped !== null) - Number(a.stopped !== null) || b.waiting - a.waiting);
    const busy = found.filter((each) => !isIdle(each));
    const hidden = busy.length - MAX_SHOWN + ids.length - asked.length;
    return {
      lines: [
        busy.length === 0 ? 'none in use' : `scopes in use: ${busy.length}`,
        ...silent.map((workflowId) => `${workflowId}: no runbook worker answers`).slice(0, MAX_SHOWN),
        ...busy.slice(0, MAX_SHOWN).map(lineOf),
        ...(hidden > 0 ? ['and more, see tocsin limits'] : []),
      ],
      facts: { configured: session.config.limits.length, inUse: found, silent, notAsked: ids.length - asked.length },
      bad: silent.length > 0 || found.some(({ stopped }) => stopped !== null),
    };
  },
};

type Facts = ReturnType<typeof factsOf>;

const factsOf = (workflowId: string, summary: ReturnType<typeof summaryOf>) => ({
  workflowId,
  limit: summary.limit,
  scope: summary.scope,
  slots: summary.slots,
  held: summary.holders.length,
  waiting: summary.waiting.length,
  failures: summary.failures,
  stopped: summary.stopped,
  stoppedUntil: summary.stoppedUntil,
  coolUntil: summary.coolUntil,
});

const isIdle = ({ held, waiting, stopped, coolUntil }: Facts): boolean =>
  held === 0 && waiting === 0 && stopped === null && coolUntil === null;

function lineOf({ limit, scope, slots, held, waiting, stopped, stoppedUntil, coolUntil }: Facts): string {
  const state = [
    `${held}/${slots} held`,
    `${waiting} waiting`,
    ...(coolUntil === null ? [] : [`cools down until ${coolUntil}`]),
    ...(stopped === null ? [] : [`STOPPED: ${stopped}${stoppedUntil === null ? '' : `, until ${stoppedUntil}`}`]),
  ];
  return `${limit} ${scope}: ${state.join(', ')}`;
}
