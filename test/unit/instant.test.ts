import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readInstant } from '../../triggers/events/instant.ts';

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
  ['2026-05-01T10:00:00.0123456789Z', 'time-not-rfc3339', 'ten digits'],
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
