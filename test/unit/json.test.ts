import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseJson } from '../../triggers/events/json.ts';

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
  { name: 'a prototype key', body: bytes('{"__proto__":{"admin":true}}'), reason: 'forbidden-key' },
  { name: 'a prototype key in an array', body: bytes('[1,{"b":[{"constructor":1}]}]'), reason: 'forbidden-key' },
  { name: 'a number that becomes infinite', body: bytes('{"n":1e400}'), reason: 'number-out-of-range', place: '/n' },
  { name: 'NaN', body: bytes('{"n":NaN}'), reason: 'not-json' },
  { name: 'half a surrogate pair', body: bytes('{"s":"\\ud800"}'), reason: 'lone-surrogate', place: '/s' },
];

describe('parseJson', () => {
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

  it('siblings may have keys of the same name', () => {
    assert.ok(parseJson(bytes('{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":2}],"x":0}')).ok);
  });

  it('gives back every value that JSON.stringify writes', () => {
    const plain = fc
      .jsonValue({ maxDepth: 8 })
      .filter((value) => !/__proto__|constructor|prototype/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(plain, (value) => {
        const text = JSON.stringify(value);
        const parsed = parseJson(bytes(text));
        assert.deepEqual(parsed.ok ? parsed.value : parsed, JSON.parse(text));
      }),
    );
  });

  it('never throws on arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (body) => typeof parseJson(body).ok === 'boolean'));
  });
});
