import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { rfc1123 } from '../../triggers/events/rfc1123.ts';

describe('rfc1123', () => {
  const CASES: readonly (readonly [written: unknown, expected: string | null])[] = [
    ['Sun, 05 Jun 2016 15:10:09 GMT', '2016-06-05T15:10:09Z'],
    ['Sat, 05 Jun 2016 15:10:09 GMT', '2016-06-05T15:10:09Z'],
    ['Mon, 6 Jun 2016 01:02:03 GMT', '2016-06-06T01:02:03Z'],
    ['05 Jun 2016 15:10:09 +0000', '2016-06-05T15:10:09Z'],
    ['Sun, 05 Foo 2016 15:10:09 GMT', null],
    ['Sun, 05 Jun 2016 15:10:09 CEST', null],
    ['Sun, 05 Jun 2016 15:10:09', null],
    ['2016-06-05T15:10:09Z', null],
    [1_465_139_409, null],
    [null, null],
  ];
  for (const [written, expected] of CASES) it(JSON.stringify(written), () => assert.equal(rfc1123(written), expected));

  it('reads back what the platform writes', () =>
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        (date) => {
          assert.equal(rfc1123(date.toUTCString()), `${date.toISOString().slice(0, 19)}Z`);
        },
      ),
    ));
});
