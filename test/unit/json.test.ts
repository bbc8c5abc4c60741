import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_MEMBERS } from '../../triggers/events/json-survey.ts';
import { MAX_VALUES, parseJson } from '../../triggers/events/json.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const REFUSED: readonly {
  readonly name: string;
  readonly body: Uint8Array;
  readonly reason: string;
  readonly place?: string;
}[] = [
  { name: 'nothing', body: bytes(''), reason: 'empty-body' },
  { name: 'cut off', body: bytes('{"a":'), reason: 'not-json' },
  { name: 'not UTF-8', body: new Uint8Array([0x22, 0xff, 0x22]), reason: 'not-utf8' },
  { name: 'a million levels', body: bytes('['.repeat(1_000_000)), reason: 'too-deep' },
  { name: '65 levels', body: bytes('['.repeat(65) + ']'.repeat(65)), reason: 'too-deep' },
  { name: 'the same key twice', body: bytes('{"x":{"a":1,"a":2}}'), reason: 'duplicate-key', place: '/x/a' },
  { name: 'the same key twice, once escaped', body: bytes('{"a":1,"\\u0061":2}'), reason: 'duplicate-key' },
  { name: 'a prototype key, with escapes', body: bytes('{"\\u005f_proto__":1}'), reason: 'forbidden-key' },
  { name: 'a constructor, with escapes', body: bytes('{"cons\\u0074ructor":1}'), reason: 'forbidden-key' },
  { name: 'a prototype key', body: bytes('{"__proto__":{"admin":true}}'), reason: 'forbidden-key' },
  {
    name: 'a prototype key in an array',
    body: bytes('[1,{"b":[{"constructor":1}]}]'),
    reason: 'forbidden-key',
    place: '/1/b/0/constructor',
  },
  {
    name: 'equal keys of the second item',
    body: bytes('{"a":[{"x":1},{"b":{},"x/y":1,"x/y":2}]}'),
    reason: 'duplicate-key',
    place: '/a/1/x~1y',
  },
  { name: 'a number that becomes infinite', body: bytes('{"n":1e400}'), reason: 'number-out-of-range', place: '/n' },
  { name: 'NaN', body: bytes('{"n":NaN}'), reason: 'not-json' },
  { name: 'half a surrogate pair', body: bytes('{"s":"\\ud800"}'), reason: 'lone-surrogate', place: '/s' },
];

const MANY = MAX_VALUES + 1;

describe('parseJson', () => {
  for (const [written, value, why] of [
    ['{"id":9007199254740991}', { id: 9007199254740991 }, 'the last that a double holds exactly'],
    ['{"id":9007199254740992}', { id: '9007199254740992' }, 'the first that it may have rounded'],
    ['[-9223372036854775808,1]', ['-9223372036854775808', 1], 'negative'],
    ['1502709956288000110', '1502709956288000110', 'alone'],
    [
      '{"a": 12345678901234567890 , "b":[12345678901234567891]}',
      { a: '12345678901234567890', b: ['12345678901234567891'] },
      'two',
    ],
    ['["12345678901234567890"]', ['12345678901234567890'], 'within a text'],
    ['[0.12345678901234567890]', [0.12345678901234568], 'a fraction'],
    ['[12345678901234567890.0]', [12345678901234567000], 'with a fraction'],
    ['[12345678901234567890e0]', [12345678901234567000], 'with an exponent'],
  ] as const)
    it(`integers beyond 2^53 are texts of their digits: ${why}`, () =>
      assert.deepEqual(parseJson(bytes(written)), { ok: true, value }));

  for (const text of [
    '{12345678901234567890:1}',
    '{12345678901234567890 :1}',
    '[012345678901234567890]',
    '[--12345678901234567890]',
    '[1 12345678901234567890]',
  ])
    it(`quotes do not make good what is no JSON: ${text}`, () =>
      assert.deepEqual(parseJson(bytes(text)), { ok: false, reason: 'not-json', place: '' }));

  for (const [what, text] of [
    ['empty objects', `[${'{},'.repeat(MANY)}{}]`],
    ['numbers', `[${'1,'.repeat(MANY)}1]`],
    [
      'keys of one object',
      `[${'0,'.repeat(20_000)}{${Array.from({ length: MAX_MEMBERS + 1 }, (_, i) => `"${i}":1`).join(',')}}]`,
    ],
    ['what is not even JSON', ','.repeat(MANY)],
  ] as const)
    it(`too many ${what} are refused before they are parsed`, () =>
      assert.deepEqual(parseJson(bytes(text)), { ok: false, reason: 'too-many-values', place: '' }));

  it('a list may hold more than an object', () => {
    assert.ok(parseJson(bytes(`{"a":[${'1,'.repeat(MAX_VALUES - 10)}1],"b":1}`)).ok);
    assert.ok(parseJson(bytes(`{${Array.from({ length: MAX_MEMBERS }, (_, i) => `"${i}":1`).join(',')}}`)).ok);
  });

  it('agrees with the parser about what is JSON at all', () => {
    const near = fc.tuple(
      fc.json({ maxDepth: 2 }),
      fc.nat(),
      fc.constantFrom('', ' ', '"', '}', ']', ',', '1', '\ufeff', '\u00a0'),
    );
    fc.assert(
      fc.property(near, ([text, at, piece]) => {
        const i = at % (text.length + 1);
        const changed = text.slice(0, i) + piece + text.slice(i);
        let expected: unknown;
        try {
          expected = JSON.parse(changed.replace(/^\ufeff/, ''));
        } catch {
          expected = undefined;
        }
        const parsed = parseJson(bytes(changed));
        assert.equal(!parsed.ok && parsed.reason === 'not-json', expected === undefined, changed);
      }),
      { numRuns: 2_000 },
    );
  });

  it('commas within texts are no values', () => assert.ok(parseJson(bytes(JSON.stringify(','.repeat(MANY)))).ok));

  it('several texts may share what is left', () => {
    const budget = { values: 5 };
    assert.ok(parseJson(bytes('[1,2]'), budget).ok);
    assert.equal(budget.values, 2);
    assert.ok(!parseJson(bytes('[1,2]'), budget).ok);
  });

  for (const { name, body, reason, place } of REFUSED) {
    it(`refuses ${name}`, () => {
      const parsed = parseJson(body);
      assert.ok(!parsed.ok);
      assert.equal(parsed.reason, reason);
      if (place !== undefined) assert.equal(parsed.place, place);
    });
  }

  it('64 levels are accepted, brackets inside strings do not count', () => {
    assert.ok(parseJson(bytes('['.repeat(64) + ']'.repeat(64))).ok);
    assert.ok(parseJson(bytes(JSON.stringify({ a: '['.repeat(100), 'b"': '\\{' }))).ok);
  });

  it('what would be a forbidden key may stand in a text', () =>
    assert.ok(parseJson(bytes('{"a":"__proto__","b":["constructor: \\u0063"],"c":{"d":"prototype"}}')).ok));

  it('no key is there twice unseen, wherever it stands and whatever stands around it', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), fc.nat({ max: 5 }), (key, one, other, depth) => {
        const name = JSON.stringify(key);
        const twice = `{${name}:${JSON.stringify(one)},"between":[":",{"a:":1}],${name}:${JSON.stringify(other)}}`;
        const nested = `${'[{"x":'.repeat(depth)}${twice}${'}]'.repeat(depth)}`;
        const parsed = parseJson(bytes(nested));
        // The values may hold forbidden ones, which are named if they come first.
        assert.match(parsed.ok ? 'none' : parsed.reason, /^(duplicate|forbidden)-key$/);
      }),
    );
  });

  it('siblings may have keys of the same name', () => {
    assert.ok(parseJson(bytes('{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":2}],"x":0}')).ok);
  });

  /** From 10^21 on a number is written with an exponent, and is none of the whole ones. */
  const asText = (_key: string, value: unknown): unknown =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21
      ? String(value)
      : value;

  it('gives back every value that JSON.stringify writes', () => {
    const plain = fc
      .jsonValue({ maxDepth: 8 })
      .filter((value) => !/__proto__|constructor|prototype/.test(JSON.stringify(value)))
      // Integers beyond 2^53 come as texts of their digits.
      .filter((value) => !/\d{16}/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(plain, (value) => {
        const text = JSON.stringify(value);
        const parsed = parseJson(bytes(text));
        assert.deepEqual(parsed.ok ? parsed.value : parsed, JSON.parse(text, asText));
      }),
      { numRuns: 1_000 },
    );
  });

  it('never throws on arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (body) => typeof parseJson(body).ok === 'boolean'));
  });
});
