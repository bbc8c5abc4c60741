/** Runs that wait for the red button, and whose execution timeout is near: what it ends undoes nothing by itself. */
import type { Runs } from '../../../triggers/path/ports.ts';
import { belongsTo } from '../../../triggers/path/sweeper.ts';
import { ago } from '../../status/ago.ts';
import type { Look } from '../watch.ts';

export interface StoppedRunsLookOptions {
  readonly region: string;
  readonly runs: Pick<Runs, 'stopped' | 'endsAt'>;
  readonly now?: () => number;
}

/** Time for somebody to decide. */
const WARN_BEFORE_MS = 30 * 60_000;
/** Runs asked for their end by one look; the end of a run never changes, so the next look goes on with others. */
const MAX_ASKED = 50;
const MAX_KNOWN = 5_000;
const MAX_NAMED = 10;

export function stoppedRunsLook({ region, runs, now = Date.now }: StoppedRunsLookOptions): Look {
  const known = new Map<string, number>();
  const endOf = async (workflowId: string, runId: string): Promise<number> => {
    const end = known.get(runId) ?? (await runs.endsAt(workflowId)) ?? Infinity;
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(runId, end);
    return end;
  };
  return {
    name: `stopped runs ${region}`,
    look: async () => {
      const at = now();
      const ending: { readonly workflowId: string; readonly end: number }[] = [];
      let asked = 0;
      for await (const run of runs.stopped()) {
        if (!belongsTo(run, region)) continue;
        if (!known.has(run.runId) && (asked += 1) > MAX_ASKED) continue;
        const end = await endOf(run.workflowId, run.runId);
        if (end - at <= WARN_BEFORE_MS) ending.push({ workflowId: run.workflowId, end });
      }
      const [first, ...others] = ending.toSorted((one, other) => one.end - other.end);
      if (first === undefined) return [];
      const named = [first, ...others].slice(0, MAX_NAMED);
      return [
        {
          key: `stopped-runs/${region}`,
          severity: 'critical',
          title: `${region}: ${ending.length} stopped runs end soon, the first in ${ago(first.end - at)}`,
          text: [
            ...named.map(({ workflowId, end }) => `${new Date(end).toISOString()}: ${workflowId}`),
            ...(ending.length > named.length ? [`and ${ending.length - named.length} more`] : []),
            'They wait for the red button, fail at their execution timeout, and leave what they did undone.',
            'go on: `tocsin resume`; after their end `tocsin resume --merge` runs each again whose alert is open',
          ].join('\n'),
          link: null,
          at,
        },
      ];
    },
  };
}
