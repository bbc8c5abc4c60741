import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { epochMicros, epochMillis, epochNanos, epochOfAnyUnit, epochSeconds } from '../../triggers/events/epoch.ts';

describe('epoch', () => {
  const CASES: readonly (readonly [why: string, read: string | null, expected: string | null])[] = [
    ['a number of seconds', epochSeconds(1_499_368_214), '2017-07-06T19:10:14Z'],
    ['digits of seconds', epochSeconds(' 1499368214 '), '2017-07-06T19:10:14Z'],
    ['a fraction of a second', epochSeconds(1_499_368_214.5), '2017-07-06T19:10:14.5Z'],
    ['digits of milliseconds', epochMillis('1601033007849'), '2020-09-25T11:23:27.849Z'],
    ['nanoseconds beyond 2^53 keep every digit', epochNanos('1502709956288000110'), '2017-08-14T11:25:56.28800011Z'],
    ['microseconds', epochMicros('1502709956288000'), '2017-08-14T11:25:56.288Z'],
    ['of any unit: seconds', epochOfAnyUnit(1_795_000_000), '2026-11-18T11:06:40Z'],
    ['of any unit: seconds with a fraction', epochOfAnyUnit('1795000000.25'), '2026-11-18T11:06:40.25Z'],
    ['of any unit: milliseconds', epochOfAnyUnit(1_795_000_000_123), '2026-11-18T11:06:40.123Z'],
    ['of any unit: microseconds', epochOfAnyUnit('1795000000123456'), '2026-11-18T11:06:40.123456Z'],
    ['of any unit: nanoseconds', epochOfAnyUnit('1795000000123456789'), '2026-11-18T11:06:40.123456789Z'],
    ['of any unit: too small to tell', epochOfAnyUnit(12_345), null],
    ['of any unit: zero', epochOfAnyUnit(0), '1970-01-01T00:00:00Z'],
    ['of any unit: a date', epochOfAnyUnit('20261118'), null],
    ['zero', epochSeconds(0), '1970-01-01T00:00:00Z'],
    ['less than a second', epochMillis(7), '1970-01-01T00:00:00.007Z'],
    ['a negative number', epochSeconds(-1), null],
    ['a year of five digits', epochSeconds(253_402_300_800), null],
    ['too many digits', epochNanos('1'.repeat(30)), null],
    ['not a number', epochSeconds('soon'), null],
    ['NaN', epochSeconds(Number.NaN), null],
    ['nothing', epochSeconds(null), null],
    ['empty text', epochSeconds(''), null],
    ['an object that has no text', epochOfAnyUnit({ toString: null }), null],
    ['a list of one number', epochOfAnyUnit([1_795_000_000]), null],
    ['exponents', epochSeconds('1e9'), null],
  ];
  for (const [why, read, expected] of CASES) it(why, () => assert.equal(read, expected));

  it('agrees with the clock of the language for every millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
        assert.equal(Date.parse(epochMillis(ms) ?? ''), ms);
      }),
    );
  });
});
