/** What people should know of a timetable beside its times: why a wave cannot run, what holds it up, and where clocks change on its way. */
import { DAY, floorDiv } from '../../activities/calendar/civil.ts';
import { dateText } from '../../activities/calendar/instant-text.ts';
import type { Span } from '../../activities/calendar/spans.ts';
import type { Windows } from '../../activities/windows/windows.ts';
import type { WindowUse } from '../../workflows/kit/window-use.ts';
import { changeText, lasts } from '../windows/preview-text.ts';
import { localText } from '../windows/window-preview.ts';
import { windowName } from '../../workflows/kit/window-message.ts';
import { tooShort } from './longest-opening.ts';
import type { TimetablePlace } from './places.ts';
import type { TimedWave, Timetable } from './timetable.ts';

export interface Finding {
  readonly kind:
    | 'no-targets'
    | 'not-allowed'
    | 'wave'
    | 'too-short'
    | 'never-meet'
    | 'conflict'
    | 'limit'
    | 'excluded'
    | 'clock-change';
  /** Something has to change before the rollout can run as declared. */
  readonly problem: boolean;
  readonly text: string;
}

export interface FindingsQuestion {
  readonly timetable: Timetable;
  readonly places: readonly TimetablePlace[];
  readonly use: WindowUse;
  /** Regions in all of which the window has to be open at once; none: it is enough that it is open where the step acts. */
  readonly together: readonly string[];
  readonly windows: Pick<Windows, 'at' | 'openings'>;
  /** Targets that it may not act upon: one line for each rule that is broken. */
  readonly forbidden: readonly string[];
  readonly limits: readonly Finding[];
}

export function findingsOf(asked: FindingsQuestion): readonly Finding[] {
  const { timetable, places } = asked;
  if (timetable.targets === 0)
    return [
      {
        kind: 'no-targets',
        problem: true,
        text: 'no target is meant: the inventory has none that the rollout selects',
      },
    ];
  return [
    ...asked.forbidden.map((text): Finding => ({
      kind: 'not-allowed',
      problem: true,
      text: `a run would be refused: ${text}`,
    })),
    ...timetable.waves.flatMap(({ name, problem }): Finding[] =>
      problem === null ? [] : [{ kind: 'wave', problem: true, text: `wave ${name}: ${problem}` }],
    ),
    ...neverMeeting(asked),
    ...shortWindows(asked),
    ...asked.limits,
    ...places.flatMap((place) => [...heldUp(timetable, place), ...clockChanges(timetable, place)]),
  ];
}

function shortWindows({ timetable, places, use, windows }: FindingsQuestion): Finding[] {
  return places.flatMap(({ region }) => {
    const why = tooShort(windows, { use, where: region, needSeconds: timetable.needSeconds }, timetable.at);
    return why === null
      ? []
      : [{ kind: 'too-short', problem: true, text: `window ${windowName(use)} in ${region}: ${why}` }];
  });
}

/** Each of them opens alone, and never all at once. */
function neverMeeting({ timetable, use, together, windows }: FindingsQuestion): Finding[] {
  const opens = (asked: WindowUse, where: string): boolean => {
    const { open, opensAt } = windows.at(asked, where, timetable.at * 1_000);
    return open || opensAt !== null;
  };
  const name = windowName(use);
  const [first] = together;
  if (first === undefined || opens(use, first)) return [];
  const over = (how: 'all' | 'any', regions: readonly string[]) => ({ window: name, over: how, regions });
  if (!together.every((region) => opens(over('any', [region]), region))) return [];
  const pair = together
    .flatMap((one, index) => together.slice(index + 1).map((other) => [one, other]))
    .find((both) => !opens(over('all', both), first));
  const these = pair ?? together;
  const text = `window ${name} has to be open in ${together.join(', ')} at once; these never meet: ${these.join(' and ')}`;
  return [{ kind: 'never-meet', problem: true, text }];
}

/** Openings that are excluded while targets of this region wait. */
function heldUp({ waves }: Timetable, { region, zone, excluded }: TimetablePlace): Finding[] {
  const waits = waves.flatMap((wave) => waitOf(wave, region) ?? []);
  return excluded
    .filter(({ from, to }) => waits.some((wait) => from < wait.to && to > wait.from))
    .map(({ from, to, why }) => ({
      kind: 'excluded',
      problem: false,
      text: `${region}: no opening ${localText(zone, from)} to ${localText(zone, to)}: ${why}`,
    }));
}

/** From its turn until the last of its targets there begins. */
function waitOf({ turnAt, targets }: TimedWave, region: string): Span | null {
  const begins = targets.flatMap((each) => (each.region === region ? (each.beginsAt ?? []) : []));
  return turnAt === null || begins.length === 0 ? null : { from: turnAt, to: Math.max(...begins) };
}

function clockChanges({ at, waves }: Timetable, { region, open, changes }: TimetablePlace): Finding[] {
  const end = Math.max(at, ...waves.flatMap(({ soaksUntil }) => soaksUntil ?? []));
  return changes
    .filter((change) => change.at >= at && change.at <= end)
    .map((change) => {
      const around = open.find(({ from, to }) => from <= change.at && change.at < to);
      const night = around === undefined ? '' : `; the opening of that day lasts ${lasts(around.to - around.from)}`;
      const day = dateText(floorDiv(change.at + change.before, DAY));
      return {
        kind: 'clock-change',
        problem: false,
        text: `${region}: ${day} ${changeText(change)} in ${change.zone}${night}`,
      };
    });
}
