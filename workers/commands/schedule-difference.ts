/** What the server itself says it will do against what the calendar says, for every defined schedule. */
import { DAY } from '../../activities/calendar/civil.ts';
import { firingsUntil } from '../../activities/calendar/fire-times.ts';
import { instantText } from '../../activities/calendar/instant-text.ts';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { isFired } from '../../triggers/schedules/fired-readings.ts';
import { NONE_FIRED } from '../../triggers/schedules/schedule-names.ts';
import {
  type ReadDefinitions,
  type ReadyScheduleDefinition,
  calendarProblem,
  readDefinitions,
  readyDefinition,
} from '../../triggers/schedules/schedule-definition.ts';
import type { ScheduleServer } from '../../triggers/schedules/schedule-server.ts';
import { createTemporalSchedules } from '../../triggers/schedules/temporal-schedules.ts';
import type { Config } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { scheduleDefinitions } from '../schedule-config.ts';
import type { Session } from './session.ts';

export interface ScheduleDifference {
  readonly id: string;
  /** Why the calendar cannot tell its instants; else null. */
  readonly unreadable: string | null;
  /** Not on the server at all. */
  readonly absent: boolean;
  readonly compared: number;
  /** RFC 3339, UTC. */
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

export async function differencesOf(session: Session): Promise<readonly ScheduleDifference[]> {
  const { ready, unreadable } = readConfigured(session.config);
  const differences: ScheduleDifference[] = unreadable.map(({ id, why }) => ({ ...NOTHING, id, unreadable: why }));
  if (ready.length === 0) return differences;
  const server = await serverOf(session);
  for (const each of ready) differences.push(await differenceOf(each, server));
  return differences;
}

const NOTHING: Omit<ScheduleDifference, 'id'> = {
  unreadable: null,
  absent: false,
  compared: 0,
  missing: [],
  extra: [],
};

export const differs = ({ unreadable, absent, missing, extra }: ScheduleDifference): boolean =>
  unreadable !== null || absent || missing.length > 0 || extra.length > 0;

async function differenceOf(
  { definition, points, zone }: ReadyScheduleDefinition,
  server: ScheduleServer,
): Promise<ScheduleDifference> {
  const { id } = definition;
  const stored = await server.read(id);
  if (stored === null) return { ...NOTHING, id, absent: true };
  const from = Math.floor(Date.now() / 1_000) + 1;
  // Elapsed time has no horizon of its own; a day of it tells enough.
  const until = stored.names.until ?? from + DAY;
  // The local times that had their event are left out on purpose.
  const had = isFired(stored.names.firedReadings ?? NONE_FIRED);
  const firings = firingsUntil(points.points, zone, points.policy, from, until).filter((firing) => !had(firing));
  const ours = firings.map(({ at }) => at);
  const theirs = await server.matching(id, from, until);
  const [wanted, given] = [new Set(ours), new Set(theirs)];
  return {
    ...NOTHING,
    id,
    compared: ours.length,
    missing: ours.filter((instant) => !given.has(instant)).map(instantText),
    extra: theirs.filter((instant) => !wanted.has(instant)).map(instantText),
  };
}

export async function serverOf(session: Session): Promise<ScheduleServer> {
  const { client, namespace } = await session.temporal();
  return createTemporalSchedules(client, namespace);
}

export const readConfigured = (config: Config): ReadDefinitions =>
  readDefinitions(scheduleDefinitions(config), openZoneData({ env: process.env }));

/** Whatever is wrong with the others. */
export function definitionOf(config: Config, id: string): ReadyScheduleDefinition {
  const all = scheduleDefinitions(config);
  const found = all.find((definition) => definition.id === id);
  if (found === undefined) {
    const known = all.map((definition) => definition.id).join(', ') || 'none';
    throw new CommandError(EXIT.refused, `schedule ${JSON.stringify(id)} is not defined; expected one of ${known}`);
  }
  try {
    return readyDefinition(found, openZoneData({ env: process.env }));
  } catch (error) {
    throw new CommandError(EXIT.refused, `schedule ${id} cannot be read: ${calendarProblem(error)}`, error);
  }
}
