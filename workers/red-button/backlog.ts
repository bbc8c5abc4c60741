/** What a lifted stop has left to be decided: alerts that it held, and runs that it kept waiting until their time was over. */
import type { Backlog } from '../../triggers/path/control.ts';
import type { EndedAttempt } from '../../triggers/path/disposition.ts';
import { type EndedRun, endedByStop } from '../../triggers/path/ended-by-stop.ts';
import { type HeldAlert, heldAlerts } from '../../triggers/path/held.ts';
import type { Runs } from '../../triggers/path/ports.ts';
import type { RegionPath } from '../region-path.ts';

export type BacklogEntry = HeldAlert & {
  readonly region: string;
  /** The run that the stop ended; absent when the event was held. */
  readonly after?: EndedAttempt;
};

export interface LiftedStop {
  readonly path: RegionPath;
  readonly backlog: Backlog;
}

/** Between an operator's clock and a server's. */
const CLOCK_SKEW_MS = 60_000;

/** Rejects when NATS or Temporal is away: what nobody has seen must not be decided. */
export async function listBacklog(lifted: readonly LiftedStop[], runs: () => Promise<Runs>): Promise<BacklogEntry[]> {
  const found: BacklogEntry[] = [];
  for (const { path, backlog } of lifted) {
    const { region } = path;
    const since = Date.parse(backlog.pressedAt[0] ?? '') - CLOCK_SKEW_MS;
    const held = await heldAlerts(path, { since, stops: backlog });
    const ended = await endedByStop({ ...path, runs: await runs() }, { region, scope: backlog.scope, since });
    found.push(...[...held, ...ended.map(asEntry)].map((each) => ({ ...each, region })));
  }
  return found;
}

const asEntry = ({ key, trigger, title, endedAt, position, state, after }: EndedRun): Omit<BacklogEntry, 'region'> => ({
  key,
  trigger,
  reason: 'stopped',
  title,
  count: 1,
  first: endedAt,
  last: endedAt,
  newest: position,
  detail: `run ${after.workflowId} waited for the red button until its execution timeout`,
  state,
  after,
});

export const stillOpen = (backlog: readonly BacklogEntry[]): BacklogEntry[] =>
  backlog.filter(({ state }) => state === 'open');

export function backlogText(backlog: readonly BacklogEntry[]): string {
  if (backlog.length === 0) return 'nothing was held';
  const open = stillOpen(backlog);
  const count = (state: HeldAlert['state']): number => backlog.filter((each) => each.state === state).length;
  return [
    `held: ${open.length} alerts are open, ${count('resolved')} have resolved meanwhile, ${count('started')} have run meanwhile`,
    ...open.map((each) => `  ${each.region}  ${each.key}  ${each.title}: ${wordsOf(each)}`),
  ].join('\n');
}

const wordsOf = ({ after, count, trigger, first, last }: BacklogEntry): string =>
  after === undefined
    ? `${count} held for ${trigger}, ${first} to ${last}`
    : `its run ${after.workflowId} ended at ${last}, stopped for too long; look what it left undone`;
