/** How far the trigger processes of a region are behind: how many events wait in each lane, and for how long the oldest has waited. */
import type { EventLog } from '../nats/port.ts';
import { type Lane, LANES, eventStream, laneConsumer, routeToken } from '../nats/subject.ts';

export interface LaneLag {
  readonly lane: Lane;
  /** Events not acknowledged yet. */
  readonly waiting: number;
  /** When the oldest of them was stored, ms since 1970 by the server's clock; null when none waits. */
  readonly oldestAt: number | null;
  /** True while somebody pulls. */
  readonly pulled: boolean;
}

type Log = Pick<EventLog, 'consumerState' | 'next'>;

/** Rejects with the errors of the events log. */
export const lagOf = (log: Log, region: string): Promise<LaneLag[]> =>
  Promise.all(LANES.map((lane) => laneLag(log, region, lane)));

async function laneLag(log: Log, region: string, lane: Lane): Promise<LaneLag> {
  const stream = eventStream(region);
  const { pending, ackPending, ackFloor, pulls } = await log.consumerState(stream, laneConsumer(lane));
  const waiting = pending + ackPending;
  // Everything up to the floor is settled, so the first one behind it has waited longest.
  const oldest = waiting === 0 ? null : await log.next(stream, `events.${routeToken(region)}.${lane}.>`, ackFloor + 1);
  return { lane, waiting, oldestAt: oldest?.storedAt ?? null, pulled: pulls > 0 || ackPending > 0 };
}
