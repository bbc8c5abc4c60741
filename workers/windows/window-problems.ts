/**
 * What is wrong with the windows of a configuration. What is wrong whatever the day and the zone data keeps it from being loaded; what
 * depends on them is told by `tocsin check` alone, because at run time it closes the window and nothing else.
 */
import { CalendarError, type Problem } from '../../activities/calendar/calendar-error.ts';
import { dateText } from '../../activities/calendar/instant-text.ts';
import { DAY, floorDiv } from '../../activities/calendar/civil.ts';
import type { ZoneData } from '../../activities/calendar/zone-data.ts';
import { readFreeze, readHolidayList } from '../../activities/windows/holiday-list.ts';
import { type NamedWindow, readNamedWindow } from '../../activities/windows/read-named-window.ts';
import { LIST_ENDS } from '../../activities/windows/place.ts';
import { type Windows, createWindows } from '../../activities/windows/windows.ts';
import type { Rollout } from '../../workflows/kit/rollout-plan.ts';
import { windowName } from '../../workflows/kit/window-message.ts';
import type { Config } from '../config-schema.ts';
import { tooShort } from '../timetable/longest-opening.ts';
import { fileOf, holidaySource } from './holiday-source.ts';
import { windowDefinitions, zoneOf } from './windows-config.ts';

/** Places are those of the configuration. */
export function windowProblems(config: Config): Problem[] {
  const { windows, holidays, freezes, regions } = config;
  return [
    ...Object.entries(windows).flatMap(([name, definition]) => {
      const place = `/windows/${name}`;
      return [
        ...problemsOf(place, () => readNamedWindow(definition)),
        ...unknownNames(place, definition, Object.keys(holidays), regions),
      ];
    }),
    ...Object.entries(holidays).flatMap(([name, definition]) =>
      fileOf(definition) === null ? problemsOf(`/holidays/${name}`, () => readHolidayList(definition)) : [],
    ),
    ...freezes.flatMap((freeze, index) => problemsOf(`/freezes/${index}`, () => readFreeze(freeze))),
  ];
}

function problemsOf(place: string, read: () => unknown): Problem[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof CalendarError)) throw error;
    return error.problems.map((each) => ({ place: `${place}${each.place}`, message: each.message }));
  }
}

/** Lists and regions that are named and are not there. */
function unknownNames(
  place: string,
  definition: unknown,
  lists: readonly string[],
  regions: readonly string[],
): Problem[] {
  const named = readable(definition);
  if (named === null) return [];
  const unknown = (at: string, names: readonly string[], known: readonly string[]): Problem[] =>
    names
      .filter((name) => !known.includes(name))
      .map((name) => ({
        place: `${place}${at}`,
        message: `${name} is not configured, expected one of ${known.join(', ') || '(none is there)'}`,
      }));
  return [...unknown('/exclude', named.holidays, lists), ...unknown('/regions', named.over?.regions ?? [], regions)];
}

function readable(definition: unknown): NamedWindow | null {
  try {
    return readNamedWindow(definition);
  } catch {
    return null; // told already, with its place
  }
}

export interface WindowFindings {
  readonly problems: readonly Problem[];
  /** Nothing is wrong yet, and will be. */
  readonly warnings: readonly Problem[];
}

/** A list that ends within it is told. */
const LIST_ENDS_SOON_DAYS = 60;

/** What depends on the day and the zone data: windows that never open, zones that are unknown, lists that end. */
export function windowFindings(
  config: Config,
  zones: ZoneData,
  nowMs: number,
  rollouts: Readonly<Record<string, Rollout>> = {},
): WindowFindings {
  const windows = createWindows(windowDefinitions(config), () => zones, zoneOf(config));
  const all = [
    ...Object.entries(config.holidays).map(([name, each]) => listFindings(name, each, nowMs)),
    ...windows.names.map((name) => shutFindings(config, windows, name, nowMs)),
    ...Object.entries(rollouts).map(([runbook, rollout]) =>
      shortFindings(config, windows, { runbook, rollout, nowMs }),
    ),
  ];
  return {
    problems: all.flatMap(({ problems }) => problems),
    warnings: all.flatMap(({ warnings }) => warnings),
  };
}

/** A window that does not open in some of its places is told; one that opens in none is wrong. */
function shutFindings(config: Config, windows: Windows, name: string, nowMs: number): WindowFindings {
  const places = placesOf(config, name);
  const shut = places.flatMap((where) => {
    const { open, opensAt, why } = windows.at(name, where, nowMs);
    // A list that is out of date is told as such.
    return open || opensAt !== null || why.includes(LIST_ENDS) ? [] : [`${where}: ${why}`];
  });
  const found = [...new Set(shut)].map((message) => ({ place: `/windows/${name}`, message }));
  return shut.length === places.length ? { problems: found, warnings: [] } : { problems: [], warnings: found };
}

interface RolloutQuestion {
  readonly runbook: string;
  readonly rollout: Rollout;
  readonly nowMs: number;
}

/** A rollout whose window is too short in some places is told; one that fits in none is wrong. */
function shortFindings(config: Config, windows: Windows, { runbook, rollout, nowMs }: RolloutQuestion): WindowFindings {
  const { window: use, needMs } = rollout;
  const name = windowName(use);
  // A project that does not use this runbook needs no window for it.
  if (!Object.hasOwn(config.windows, name)) return { problems: [], warnings: [] };
  const needSeconds = Math.ceil(needMs / 1_000);
  const places = typeof use === 'string' ? placesOf(config, name) : use.regions;
  const short = places.flatMap((where) => {
    const why = tooShort(windows, { use, where, needSeconds }, Math.floor(nowMs / 1_000));
    return why === null ? [] : [`${where}: too short for a target of runbook ${runbook}: ${why}`];
  });
  const found = short.map((message) => ({ place: `/windows/${name}`, message }));
  return short.length === places.length ? { problems: found, warnings: [] } : { problems: [], warnings: found };
}

/** Each region it may be asked about: one does for those that say their zone, or their regions, themselves. */
export function placesOf({ windows, regions }: Config, name: string): readonly string[] {
  const { layers, over } = readNamedWindow(windows[name]);
  if (over !== null) return over.how === 'each' ? over.regions : over.regions.slice(0, 1);
  return layers.every(({ zone }) => zone !== null) ? regions.slice(0, 1) : regions;
}

function listFindings(name: string, definition: unknown, nowMs: number): WindowFindings {
  const place = `/holidays/${name}`;
  const today = floorDiv(Math.floor(nowMs / 1_000), DAY);
  try {
    const { coversUntil } = holidaySource(definition)();
    if (coversUntil >= today + LIST_ENDS_SOON_DAYS) return { problems: [], warnings: [] };
    const ended = coversUntil < today;
    const message = `${LIST_ENDS} ${dateText(coversUntil)}: windows that exclude it ${ended ? 'are' : 'will then be'} closed; extend it and its coversUntil`;
    const found = [{ place: `${place}/coversUntil`, message }];
    return ended ? { problems: found, warnings: [] } : { problems: [], warnings: found };
  } catch (error) {
    return { problems: [{ place, message: error instanceof Error ? error.message : String(error) }], warnings: [] };
  }
}
