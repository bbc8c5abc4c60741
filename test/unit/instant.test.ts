import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { readInstant } from '../../triggers/events/instant.ts';
import type { LocalTimes } from '../../triggers/events/local-time.ts';

const RECEIVED = '2026-06-01T12:00:00.000Z';

const READ: readonly (readonly [text: string, utc: string | null, why: string])[] = [
  ['2026-05-01T10:00:00Z', '2026-05-01T10:00:00Z', 'plain UTC'],
  ['2026-05-01t10:00:00z', '2026-05-01T10:00:00Z', 'lower case is allowed by RFC 3339'],
  ['2026-05-01 10:00:00Z', '2026-05-01T10:00:00Z', 'and so is a space'],
  ['2016-08-01T13:27:08.008+03:00', '2016-08-01T10:27:08.008Z', 'an offset to the east'],
  ['2017-08-03T15:17:37.804-04:00', '2017-08-03T19:17:37.804Z', 'an offset to the west'],
  ['2026-01-01T00:30:00+05:45', '2025-12-31T18:45:00Z', 'an offset that changes the year'],
  ['2019-08-24T14:52:02.000+0000', '2019-08-24T14:52:02Z', 'an offset without colon, as CloudWatch writes it'],
  ['2020-02-06T00:17:58.432911368Z', '2020-02-06T00:17:58.432911368Z', 'nine digits are kept'],
  ['2026-05-01T10:00:00.012345678987Z', '2026-05-01T10:00:00.012345678Z', 'more than nine are cut to them'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z', 'a leap day'],
  ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59Z', 'a leap second'],
  ['0001-01-01T00:00:00Z', null, 'the zero time of Go'],
  ['1970-01-01T00:00:00Z', null, 'the zero time of the epoch'],
  ['1970-01-01T01:00:00.000+01:00', null, 'the same, written elsewhere'],
  ['2000-01-01T00:00:00Z', '2000-01-01T00:00:00Z', 'the oldest that counts'],
  ['2026-06-02T12:00:00Z', '2026-06-02T12:00:00Z', 'one day ahead: a clock that is off; the path flags it'],
];

const REFUSED: readonly (readonly [text: string, reason: string, why: string])[] = [
  ['', 'time-not-rfc3339', 'nothing'],
  ['yesterday', 'time-not-rfc3339', 'a word'],
  ['2026-05-01', 'time-not-rfc3339', 'a date'],
  ['2026-05-01T10:00:00', 'time-not-rfc3339', 'no offset: which zone is not to be guessed'],
  ['2026-02-29T00:00:00Z', 'time-not-rfc3339', 'a day that does not exist'],
  ['2026-13-01T00:00:00Z', 'time-not-rfc3339', 'month 13'],
  ['2026-05-01T24:00:00Z', 'time-not-rfc3339', 'hour 24'],
  ['2026-05-01T10:60:00Z', 'time-not-rfc3339', 'minute 60'],
  ['2026-05-01T10:00:61Z', 'time-not-rfc3339', 'second 61'],
  ['2026-05-01T10:00:00+24:00', 'time-not-rfc3339', 'an offset of a day'],
  ['1767225600', 'time-not-rfc3339', 'seconds since 1970 as text'],
  ['Thu, 01 Jan 2026 00:00:00 GMT', 'time-not-rfc3339', 'RFC 1123'],
  ['2026-05-01T10:00:00Z\r\nX: y', 'time-not-rfc3339', 'a second line'],
  ['2026-06-02T12:00:00.001Z', 'time-in-the-future', 'more than one day ahead'],
  ['9999-12-31T23:59:59Z', 'time-in-the-future', 'never'],
  ['9999-12-31T23:59:59-23:00', 'time-not-rfc3339', 'beyond the year 9999'],
  ['1999-12-31T23:59:59.999Z', 'time-ancient', 'before the year 2000'],
  ['0001-01-01T00:00:01Z', 'time-ancient', 'one second after the zero time'],
  ['0001-01-01T00:00:00+01:00', 'time-ancient', 'before the year 1'],
];

describe('readInstant', () => {
  for (const [text, utc, why] of READ)
    it(`reads ${text}: ${why}`, () => assert.deepEqual(readInstant(text, RECEIVED), { ok: true, utc }));

  for (const [text, reason, why] of REFUSED)
    it(`refuses ${JSON.stringify(text)}: ${why}`, () =>
      assert.deepEqual(readInstant(text, RECEIVED), { ok: false, reason }));

  it('agrees with the platform on every instant of this century, whatever the offset', () => {
    const bounds = {
      min: new Date('2000-01-02T00:00:00Z'),
      max: new Date('2026-05-31T00:00:00Z'),
      noInvalidDate: true,
    };
    fc.assert(
      fc.property(fc.date(bounds), fc.integer({ min: -23 * 60, max: 23 * 60 }), (date, offset) => {
        const wall = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, -1);
        const two = (number: number): string => String(Math.trunc(Math.abs(number))).padStart(2, '0');
        const text = `${wall}${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
        const read = readInstant(text, RECEIVED);
        assert.ok(read.ok && read.utc !== null, text);
        assert.equal(Date.parse(read.utc), date.getTime(), text);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof readInstant(text, RECEIVED).ok === 'boolean'));
  });
});

const zones = openZoneData({ env: process.env });
const times = (senderZone: string | null): LocalTimes => ({
  senderZone,
  zone: (id) => (zones.ids.has(id) ? zones.zone(id) : null),
});
const RECEIVED_LATE = '2026-11-30T00:00:00Z';

const ZONED: readonly (readonly [text: string, senderZone: string | null, read: string, why: string])[] = [
  ['2026-11-24T02:30:00[America/Vancouver]', null, '2026-11-24T09:30:00Z', 'a zone: on UTC-7 all the year since 2026'],
  ['2026-11-24T02:30:00[America/Vancouver]', 'Asia/Tokyo', '2026-11-24T09:30:00Z', 'it counts before the sender’s own'],
  ['2026-11-24T02:30:00 America/Vancouver', null, '2026-11-24T09:30:00Z', 'with a space'],
  ['2026-07-01T12:00:00.25[Europe/Berlin]', null, '2026-07-01T10:00:00.25Z', 'parts of a second are kept'],
  ['2026-07-01T12:00[Europe/Berlin]', null, '2026-07-01T10:00:00Z', 'seconds may be missing'],
  ['2026-07-01T12:00:00[Europe/Berlin][u-ca=gregory]', null, '2026-07-01T10:00:00Z', 'another tag'],
  ['2026-07-01T12:00:00+02:00[Europe/Berlin]', null, '2026-07-01T10:00:00Z', 'an offset beside its zone'],
  ['2026-07-01T12:00:00+02:00[!Europe/Berlin]', null, '2026-07-01T10:00:00Z', 'that must agree, and does'],
  ['2026-07-01T12:00:00Z[!Europe/Berlin]', null, '2026-07-01T12:00:00Z', 'Z says nothing about local time'],
  ['2026-07-01T12:00:00+01:00[Europe/Berlin]', null, '2026-07-01T11:00:00Z', 'an offset counts before the zone'],
  ['2026-07-01T12:00:00+01:00[!Europe/Berlin]', null, 'time-contradicts-zone', 'unless it must agree'],
  ['2026-07-01T12:00:00+02:00[Europe/Nowhere]', null, '2026-07-01T10:00:00Z', 'an unknown zone beside an offset'],
  ['2026-07-01T12:00:00+02:00[!Europe/Nowhere]', null, 'time-zone-unknown', 'unless it must agree'],
  ['2026-07-01T12:00:00[Europe/Nowhere]', null, 'time-zone-unknown', 'an unknown zone alone'],
  ['2026-07-01T12:00:00[CEST]', null, 'time-zone-unknown', 'an abbreviation'],
  ['2026-07-01T12:00:00', 'Europe/Berlin', '2026-07-01T10:00:00Z', 'none: the sender’s own zone'],
  ['2026-07-01 12:00:00', 'Asia/Kathmandu', '2026-07-01T06:15:00Z', 'with a space, at 5:45'],
  ['2026-07-01T12:00:00Z', 'Asia/Tokyo', '2026-07-01T12:00:00Z', 'UTC stays UTC'],
  ['2026-07-01T12:00:00', null, 'time-not-rfc3339', 'no zone at all'],
  ['2026-02-30T12:00:00', 'Europe/Berlin', 'time-not-rfc3339', 'a day that does not exist'],
  ['2026-07-01T12:00:00[Europe/Berlin', 'Europe/Berlin', 'time-not-rfc3339', 'a bracket that stays open'],
  ['2026-07-01T12:00:00[Europe/Berlin]x', null, 'time-not-rfc3339', 'more behind it'],
  ['2026-03-29T02:30:00', 'Europe/Berlin', '2026-03-29T01:30:00Z', 'in the gap: as if clocks had not moved yet, 03:30'],
  ['2026-03-08T02:30:00', 'America/New_York', '2026-03-08T07:30:00Z', 'the same in the west'],
  ['2026-10-25T02:30:00', 'Europe/Berlin', '2026-10-25T00:30:00Z', 'twice: the first'],
  ['2026-11-01T01:30:00', 'America/New_York', '2026-11-01T05:30:00Z', 'the same in the west'],
  ['2026-10-04T02:15:00', 'Australia/Lord_Howe', '2026-10-03T15:45:00Z', 'a gap of half an hour'],
];

describe('times in a zone', () => {
  for (const [text, senderZone, read, why] of ZONED)
    it(`${text}${senderZone === null ? '' : ` from ${senderZone}`}: ${why}`, () => {
      const found = readInstant(text, RECEIVED_LATE, times(senderZone));
      assert.equal(found.ok ? found.utc : found.reason, read);
    });

  it('are ordered as instants, not as texts', () => {
    const texts = ['2026-11-24T09:00:00Z', '2026-11-24T02:30:00[America/Vancouver]', '2026-11-24T10:45:00+01:00'];
    const read = texts.map((text) => readInstant(text, RECEIVED_LATE, times(null)));
    assert.deepEqual(
      read.map((each) => (each.ok ? each.utc : each.reason)),
      ['2026-11-24T09:00:00Z', '2026-11-24T09:30:00Z', '2026-11-24T09:45:00Z'],
    );
  });

  it('agree with the calendar for every zone and every reading that occurs once', () => {
    const ids = [...zones.ids].filter((id) => id.includes('/'));
    fc.assert(
      fc.property(fc.constantFrom(...ids), fc.integer({ min: 978_307_200, max: 1_795_000_000 }), (id, instant) => {
        const zone = zones.zone(id);
        const { offset } = zone.periodAt(instant);
        // No transition within a day: the reading occurs once.
        fc.pre(zone.periods(instant - 172_800, instant + 172_800).length === 1);
        const wall = new Date((instant + offset) * 1_000).toISOString().slice(0, 19);
        const read = readInstant(`${wall}[${id}]`, RECEIVED_LATE, times(null));
        assert.equal(read.ok && Date.parse(read.utc ?? ''), instant * 1_000);
      }),
      { numRuns: 500 },
    );
  });

  it('never throw', () => {
    fc.assert(
      fc.property(
        fc.string(),
        (text) => typeof readInstant(`2026-07-01T12:00:00${text}`, RECEIVED, times('UTC')).ok === 'boolean',
      ),
    );
  });
});
