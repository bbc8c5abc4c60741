import assert from 'node:assert/strict';
import { it } from 'node:test';
import { exactDigits } from '../../triggers/events/exact-digits.ts';

const read = (raw: string, key = 'at') => exactDigits(Buffer.from(raw), key, (JSON.parse(raw) as never)[key]);

for (const [raw, expected, why] of [
  ['{"at":1502709956288000110}', '1502709956288000110', 'beyond 2^53'],
  ['{"at": 1502709956288000110 ,"b":1}', '1502709956288000110', 'with spaces around'],
  ['{"ät+":1502709956288000111,"at":1502709956288000110}', '1502709956288000110', 'beside a name like it'],
  ['{"at":12}', '12', 'a double holds it'],
  ['{"at":0}', '0', 'zero is a number'],
  ['{"at":-1502709956288000110}', null, 'negative'],
  ['{"at":1.5}', null, 'not whole'],
  ['{"at":1.5027099562880001e18}', null, 'not written in digits'],
  ['{"at":"1502709956288000110"}', null, 'text'],
  ['{"at":1502709956288000110,"in":{"at":1502709956288000111}}', null, 'two that a double cannot tell apart'],
  ['{"at":1502709956288000110,"in":{"at":7}}', '1502709956288000110', 'another of that name'],
  [String.raw`{"s":"\"at\":1502709956288000111","at":1502709956288000110}`, '1502709956288000110', 'quoted in a text'],
] as const)
  it(`${why}: ${String(expected)}`, () => assert.equal(read(raw), expected));

it('a name may hold any character', () =>
  assert.equal(read('{"ä.t[0]":1502709956288000110}', 'ä.t[0]'), '1502709956288000110'));
