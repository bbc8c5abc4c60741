/** Gap and overlap policies against an independent implementation, around every transition of every zone on which both agree. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Temporal } from 'temporal-polyfill';
import { type Cron, parseCron } from '../../../activities/calendar/cron.ts';
import { DEFAULT_POLICY, type FirePolicy, fireTimes } from '../../../activities/calendar/fire-times.ts';
import { instantText, readInstantText, readingText } from '../../../activities/calendar/instant-text.ts';
import { openZoneData } from '../../../activities/calendar/zone-data.ts';
import { type Period, type Zone, readLocal } from '../../../activities/calendar/zone.ts';

const zones = openZoneData();
const [FROM, TO] = [readInstantText('2020-01-01T00:00:00Z'), readInstantText('2036-01-01T00:00:00Z')];
const DAY = 86_400;

/** The other implementation stands on the data of this Node, which is older than ours for some zones. */
function agrees(zone: Zone, { from }: Period): boolean {
  try {
    return [from - 1, from].every(
      (at) =>
        Temporal.Instant.fromEpochMilliseconds(at * 1_000).toZonedDateTimeISO(zone.id).offsetNanoseconds / 1e9 ===
        zone.periodAt(at).offset,
    );
  } catch {
    return false;
  }
}

const daily = (reading: number): Cron => {
  const time = ((reading % DAY) + DAY) % DAY;
  return parseCron(`${time % 60} ${Math.floor(time / 60) % 60} ${Math.floor(time / 3_600)} * * *`).cron as Cron;
};

/** Seconds since 1970 of a local reading, by the other implementation; null: refused. */
function theirs(zone: string, reading: number, disambiguation: 'compatible' | 'later' | 'reject'): number | null {
  try {
    const local = Temporal.PlainDateTime.from(readingText(reading));
    return local.toZonedDateTime(zone, { disambiguation }).epochMilliseconds / 1_000;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** What fires on the local date of this reading. */
function ours(zone: Zone, reading: number, policy: Partial<FirePolicy>): number[] {
  const around = fireTimes(daily(reading), zone, { ...DEFAULT_POLICY, ...policy }, reading - 2 * DAY, 8);
  return around.filter(({ nominal }) => nominal === reading).map(({ at }) => at);
}

describe('policies', () => {
  it('agree with temporal-polyfill around every transition from 2020 to 2035', () => {
    let transitions = 0;
    let readings = 0;
    for (const id of [...zones.ids].filter((name) => !name.startsWith('Etc/'))) {
      const zone = zones.zone(id);
      const periods = zone.periods(FROM, TO);
      for (const [index, period] of periods.entries()) {
        const before = periods[index - 1];
        if (before === undefined || !agrees(zone, period)) continue;
        transitions += 1;
        const [low, high] = [before.offset, period.offset].toSorted((one, other) => one - other) as [number, number];
        // Before, at and after both edges of the gap or overlap, and in its middle.
        for (const edge of [low - 60, low, (low + high) / 2, high - 60, high, high + 60]) {
          const reading = Math.floor((period.from + edge) / 60) * 60;
          const wholeDay = Math.abs(period.offset - before.offset) >= DAY;
          if (wholeDay) continue;
          const at = `${id} ${readingText(reading)}`;
          const compatible = theirs(id, reading, 'compatible');
          const unique = theirs(id, reading, 'reject');
          const later = theirs(id, reading, 'later');
          assert.deepEqual(ours(zone, reading, {}), [compatible], `shift ${at}`);
          const { gap } = readLocal(zone, reading);
          const isGap = gap !== undefined;
          assert.equal(isGap, unique === null && period.offset > before.offset, `gap ${at}`);
          assert.deepEqual(ours(zone, reading, { onGap: 'skip' }), isGap ? [] : [compatible], `skip ${at}`);
          const first = isGap ? [period.from] : [compatible];
          assert.deepEqual(ours(zone, reading, { onGap: 'first_after_gap' }), first, `first after gap ${at}`);
          const both = isGap || unique !== null ? [compatible] : [compatible, later];
          assert.deepEqual(ours(zone, reading, { onOverlap: 'both' }), both, `both ${at}`);
          readings += 1;
        }
      }
    }
    assert.ok(transitions > 5_000, `${transitions} transitions, ${readings} readings were compared`);
  });

  it('let what begins with * follow real time', () => {
    const riga = zones.zone('Europe/Riga');
    const next = (cron: string, after: string, count: number): string[] =>
      fireTimes(parseCron(cron).cron, riga, DEFAULT_POLICY, readInstantText(after), count).map(({ at }) =>
        instantText(at),
      );
    assert.deepEqual(next('0 * * * *', '2021-10-30T23:30:00Z', 3), [
      '2021-10-31T00:00:00Z',
      '2021-10-31T01:00:00Z',
      '2021-10-31T02:00:00Z',
    ]);
    assert.deepEqual(next('30 * * * *', '2021-03-28T00:00:00Z', 3), [
      '2021-03-28T00:30:00Z',
      '2021-03-28T01:30:00Z',
      '2021-03-28T02:30:00Z',
    ]);
    assert.deepEqual(next('@every 90m', '2021-03-28T00:10:00Z', 2), ['2021-03-28T01:40:00Z', '2021-03-28T03:10:00Z']);
  });

  it('skip a date that does not exist', () => {
    const apia = zones.zone('Pacific/Apia');
    for (const onGap of ['shift', 'first_after_gap', 'skip'] as const) {
      const found = fireTimes(
        parseCron('0 12 * * *').cron,
        apia,
        { ...DEFAULT_POLICY, onGap },
        readInstantText('2011-12-29T00:00:00Z'),
        3,
      );
      assert.deepEqual(
        found.map(({ nominal }) => readingText(nominal)),
        ['2011-12-29T12:00:00', '2011-12-31T12:00:00', '2012-01-01T12:00:00'].slice(0, 3),
      );
    }
  });

  it('take a missing date on the last day of its month when told so', () => {
    const utc = zones.zone('UTC');
    const dates = (cron: string, onMissingDate: FirePolicy['onMissingDate'], after: string, count: number): string[] =>
      fireTimes(parseCron(cron).cron, utc, { ...DEFAULT_POLICY, onMissingDate }, readInstantText(after), count).map(
        ({ at }) => instantText(at).slice(0, 10),
      );
    assert.deepEqual(dates('0 0 31 * *', 'skip', '2026-01-31T12:00:00Z', 2), ['2026-03-31', '2026-05-31']);
    assert.deepEqual(dates('0 0 31 * *', 'last_day', '2026-01-31T12:00:00Z', 3), [
      '2026-02-28',
      '2026-03-31',
      '2026-04-30',
    ]);
    assert.deepEqual(dates('0 0 29 2 *', 'skip', '2096-03-01T00:00:00Z', 1), ['2104-02-29']);
    assert.deepEqual(dates('0 0 29 2 *', 'last_day', '2026-03-01T00:00:00Z', 1), ['2027-02-28']);
  });
});
