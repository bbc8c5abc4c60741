/** The cases of other projects, each against the policy it names. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCron } from '../../../activities/calendar/cron.ts';
import { DEFAULT_POLICY, type FirePolicy, fireTimes } from '../../../activities/calendar/fire-times.ts';
import { instantText, readDateText, readInstantText, zonedText } from '../../../activities/calendar/instant-text.ts';
import { openingAt } from '../../../activities/calendar/next-opening.ts';
import { readAlertmanagerInterval } from '../../../activities/calendar/read-alertmanager-interval.ts';
import { readWindow } from '../../../activities/calendar/read-window.ts';
import { type Span, intersection } from '../../../activities/calendar/spans.ts';
import { openSpans } from '../../../activities/calendar/window.ts';
import { openZoneData } from '../../../activities/calendar/zone-data.ts';
import { casesIn, needsCases } from '../../support/cases.ts';

const zones = openZoneData();
const DAY = 86_400;
const texts = (spans: readonly Span[]): string[][] => spans.map(({ from, to }) => [instantText(from), instantText(to)]);
const next = (cron: string, zone: string, policy: Partial<FirePolicy>, after: string, count: number): string[] =>
  fireTimes(
    parseCron(cron).cron,
    zones.zone(zone),
    { ...DEFAULT_POLICY, ...policy },
    readInstantText(after),
    count,
  ).map(({ at }) => instantText(at));

interface Derived {
  readonly points: readonly {
    readonly name: string;
    readonly zone: string;
    readonly daily_at: string;
    readonly after: string;
    readonly expect: Readonly<Record<'compatible' | 'skip' | 'first_after_gap', string[]>>;
  }[];
  readonly windows: readonly {
    readonly zone: string;
    readonly start: string;
    readonly end: string;
    readonly opening_local_date: string;
    readonly note: string;
    readonly intervals: string[][];
  }[];
  readonly intersections: readonly {
    readonly windows: readonly { readonly zone: string; readonly start: string; readonly end: string }[];
    readonly from: string;
    readonly to: string;
    readonly intersection: string[][];
  }[];
  /** One instant by three releases. */
  readonly drift: readonly Readonly<Record<'zone' | 'instant' | `offset_${string}`, string>>[];
}

describe('cases of daylight saving', needsCases, () => {
  if (needsCases.skip !== false) return;
  const { points, windows, intersections, drift } = casesIn<Derived>('derived-dst-windows.json');
  for (const { name, zone, daily_at: at, after, expect } of points)
    it(`fires: ${name}`, () => {
      const [hour, minute] = at.split(':').map(Number);
      for (const [policy, instants] of Object.entries(expect)) {
        const onGap = policy === 'compatible' ? 'shift' : (policy as FirePolicy['onGap']);
        assert.deepEqual(next(`${minute} ${hour} * * *`, zone, { onGap }, after, 3), instants, policy);
      }
    });
  for (const { zone, start, end, opening_local_date: date, note, intervals } of windows)
    it(`opens: ${zone} ${date} ${start}-${end}, ${note}`, () => {
      const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
      const window = readWindow({ start, end, daysOfMonth: day, months: month, years: year });
      const around = readDateText(date) * DAY;
      assert.deepEqual(texts(openSpans(window, zones.zone(zone), around - 3 * DAY, around + 4 * DAY)), intervals);
    });
  for (const { windows: both, from, to, intersection: expected } of intersections)
    it(`meets: ${both.map(({ zone, start, end }) => `${zone} ${start}-${end}`).join(' and ')}`, () => {
      const [one = [], other = []] = both.map(({ zone, start, end }) =>
        openSpans(readWindow({ start, end }), zones.zone(zone), readInstantText(from), readInstantText(to)),
      );
      assert.deepEqual(texts(intersection(one, other)), expected);
    });
  for (const { zone, instant, ...offsets } of drift) {
    // The newest release named there that ours is not older than: a rule, once changed, stays for this instant unless it changes again.
    const releases = Object.keys(offsets).map((key) => key.replace('offset_', ''));
    const known = releases.filter((release) => release <= zones.tzdb).toSorted();
    const release = known.at(-1);
    it(
      `shows: ${zone} at ${instant} by ${zones.tzdb}`,
      { skip: release === undefined ? `the zone data is ${zones.tzdb}; the oldest case is ${releases.join()}` : false },
      () => {
        const [at, expected] = [readInstantText(instant), offsets[`offset_${release}`] ?? ''];
        const shown = zonedText(at, zones.zone(zone).periodAt(at).offset, zone);
        assert.ok(shown.endsWith(`${expected}[${zone}]`), `${shown}, expected ${expected} of ${release}`);
      },
    );
  }
});

interface CronCase {
  readonly spec: string;
  readonly zone: string;
  readonly after: string;
  readonly expect: string | null;
}

describe('cases of the cron engine of Kubernetes: skip in gaps, both in overlaps', needsCases, () => {
  if (needsCases.skip !== false) return;
  for (const { spec, zone, after, expect } of casesIn<readonly CronCase[]>('robfig-cron-next.json')) {
    // Four of them stand in the offset of the input, +05:30, which is no zone by itself but that of Kolkata all the year.
    const place = zone.endsWith('(+05:30)') ? 'Asia/Kolkata' : zone;
    it(`${spec} after ${after} in ${place}`, () => {
      const bare = parseCron(spec).zone ?? place;
      const found = next(spec, bare, { onGap: 'skip', onOverlap: 'both' }, after, 1);
      assert.deepEqual(found, expect === null ? [] : [expect]);
    });
  }
});

interface IntervalCase {
  readonly time_intervals: readonly unknown[];
  readonly instants: readonly { readonly instant_utc: string; readonly contained: boolean }[];
}

describe('cases of Alertmanager', needsCases, () => {
  if (needsCases.skip !== false) return;
  for (const { time_intervals: intervals, instants } of casesIn<readonly IntervalCase[]>('alertmanager-contains.json'))
    it(JSON.stringify(intervals), () => {
      for (const { instant_utc: at, contained } of instants) {
        const open = intervals.some((interval) => {
          const { window, zone } = readAlertmanagerInterval(interval);
          const place = zones.zone(zone ?? 'UTC');
          return openingAt((from, to) => openSpans([window], place, from, to), readInstantText(at)).open;
        });
        assert.equal(open, contained, at);
      }
    });
});
