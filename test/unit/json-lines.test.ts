/** Lines are read each for itself; the work that a request can ask for is bounded, counted here in lines and values. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_VALUES } from '../../triggers/events/json.ts';
import { jsonLines, MAX_LINES } from '../../triggers/sources/json-lines.ts';

const read = (text: string) =>
  jsonLines(Buffer.from(text)).map(({ value, place, problem }) => problem ?? [place, value]);

describe('jsonLines', () => {
  for (const [why, text, expected] of [
    ['nothing', '', []],
    ['blank lines count, and are no lines', ' \r\n\n{"a":1}\r\n\n', [['/2', { a: 1 }]]],
    [
      'a text sequence',
      '\x1e{"a":1}\n\x1e2\n',
      [
        ['/0', { a: 1 }],
        ['/1', 2],
      ],
    ],
    [
      'the last line needs no end',
      '1\n2',
      [
        ['/0', 1],
        ['/1', 2],
      ],
    ],
    ['a bad line spoils no other', '{"a"\n{"a":1,"a":2}\n3', ['not-json', 'duplicate-key', ['/2', 3]]],
    ['a long line spoils no other', `${'x'.repeat(1_000_001)}\n3`, ['line-too-long', ['/1', 3]]],
  ] as const)
    it(why, () => assert.deepEqual(read(text), expected));

  const MANY = 2_000_000;
  for (const [why, text, most, last] of [
    ['two million lines', '1\n'.repeat(MANY), MAX_LINES + 1, 'too-many-lines'],
    ['two million bad lines', 'x\n'.repeat(MANY), 2_001, 'too-many-lines'],
    ['two million blank lines', '\n'.repeat(MANY), 0, undefined],
    ['a few lines of too many values', `[${'1,'.repeat(MAX_VALUES / 2)}1]\n`.repeat(9), 2, 'too-many-values'],
  ] as const)
    it(`${why}: what lies beyond the bound shares one rejection`, () => {
      const lines = read(text);
      assert.equal(lines.length, most);
      assert.equal(lines.at(-1), last);
    });

  it('the same bytes are read once', () => {
    const raw = Buffer.from('1\n2');
    assert.equal(jsonLines(raw), jsonLines(raw));
  });
});
