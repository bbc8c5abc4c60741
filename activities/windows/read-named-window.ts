/**
 * Reads one window of `tocsin.yaml`: what the calendar reads as a window (or Alertmanager's `time_intervals`), and beside it the zone, what
 * is excluded and over which regions it spans. Throws CalendarError `bad-window` with every problem and its place.
 */
import { Problems, isRecord, listOf, shown } from '../calendar/problems.ts';
import { readAlertmanagerInterval } from '../calendar/read-alertmanager-interval.ts';
import { readWindow } from '../calendar/read-window.ts';
import type { Window } from '../calendar/window.ts';
import type { WindowCombination } from '../../workflows/kit/window-use.ts';

export interface NamedWindow {
  /** Open while any of them is. */
  readonly layers: readonly Layer[];
  /** Names of lists of holidays on which it does not open. */
  readonly holidays: readonly string[];
  /** Whether the freezes of the configuration close it. */
  readonly freezes: boolean;
  /** Whether a holiday also closes what opened the evening before. */
  readonly strict: boolean;
  /** Null: open where the step acts. */
  readonly over: { readonly how: WindowCombination; readonly regions: readonly string[] } | null;
}

export interface Layer {
  readonly window: Window;
  /** Null: the zone of the region. */
  readonly zone: string | null;
}

const COMBINATIONS: readonly unknown[] = ['all', 'any', 'each'];
const MAX_REGIONS = 100;
const MAX_INTERVALS = 100;

export function readNamedWindow(definition: unknown): NamedWindow {
  const problems = new Problems();
  const fields = isRecord(definition) ? definition : {};
  const { zone, exclude, strict, over, regions, alertmanager, ...rest } = fields;
  if (zone !== undefined && typeof zone !== 'string')
    problems.add('/zone', `${shown(zone)} is no zone; expected a name like Europe/Berlin`);
  if (strict !== undefined && typeof strict !== 'boolean')
    problems.add('/strict', `${shown(strict)} is neither true nor false`);
  const named = {
    layers:
      alertmanager === undefined
        ? readLayer(isRecord(definition) ? rest : definition, typeof zone === 'string' ? zone : null, problems)
        : readIntervals(alertmanager, { zone, ...rest }, problems),
    ...readExclude(exclude, problems),
    strict: strict === true,
    over: readOver(over, regions, problems),
  };
  problems.done('bad-window');
  return named;
}

function readLayer(definition: unknown, zone: string | null, problems: Problems): Layer[] {
  if (isRecord(definition) && Object.keys(definition).length === 0)
    problems.add('', 'says nothing about when it is open; expected times, weekdays or another condition');
  return (problems.within('', () => readWindow(definition)) ?? []).map((window) => ({ window, zone }));
}

/** Each by Alertmanager's own rules: in UTC unless it names a location. */
function readIntervals(intervals: unknown, others: Readonly<Record<string, unknown>>, problems: Problems): Layer[] {
  for (const [key, value] of Object.entries(others))
    if (value !== undefined)
      problems.add(
        `/${key}`,
        'cannot stand beside alertmanager; its intervals say it themselves (the zone as location)',
      );
  const items = listOf(intervals);
  if (items.length === 0 || items.length > MAX_INTERVALS)
    problems.add('/alertmanager', `${items.length} intervals; expected 1 to ${MAX_INTERVALS}`);
  return items.slice(0, MAX_INTERVALS).flatMap((item, index) => {
    const place = Array.isArray(intervals) ? `/alertmanager/${index}` : '/alertmanager';
    const read = problems.within(place, () => readAlertmanagerInterval(item));
    return read === null ? [] : [{ window: read.window, zone: read.zone ?? 'UTC' }];
  });
}

function readExclude(exclude: unknown, problems: Problems): Pick<NamedWindow, 'holidays' | 'freezes'> {
  const entries = exclude === undefined ? [] : listOf(exclude);
  const holidays = entries.flatMap((entry, index) => {
    if (entry === 'freezes') return [];
    if (typeof entry === 'string' && /^holidays:./.test(entry)) return [entry.slice('holidays:'.length)];
    problems.add(`/exclude/${index}`, `${shown(entry)} is not known; expected holidays:NAME or freezes`);
    return [];
  });
  return { holidays: [...new Set(holidays)], freezes: entries.includes('freezes') };
}

/** Over which regions a window is combined; null: it does not say. */
export function readOver(over: unknown, regions: unknown, problems: Problems): NamedWindow['over'] {
  if (over === undefined && regions === undefined) return null;
  if (!COMBINATIONS.includes(over)) problems.add('/over', `${shown(over)}; expected all, any or each, with regions`);
  const names = listOf(regions).filter((name) => typeof name === 'string');
  if (names.length === 0 || names.length > MAX_REGIONS || names.length < listOf(regions).length)
    problems.add('/regions', `${shown(regions)}; expected 1 to ${MAX_REGIONS} names of regions, with over`);
  return { how: over as WindowCombination, regions: names };
}
