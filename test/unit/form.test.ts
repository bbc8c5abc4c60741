import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formFields } from '../../triggers/sources/form.ts';

for (const [why, text, expected] of [
  ['two fields', 'a=1&b=2', { a: '1', b: '2' }],
  ['plus and percent', 'a+b=x%20%C3%A4+y&c', { 'a b': 'x ä y', c: '' }],
  ['a percent sign that begins nothing', 'a=100%&b=1', { a: '100%', b: '1' }],
  ['an equals sign within a value', 'a=b=c', { a: 'b=c' }],
  ['a text', 'hello world', {}],
  ['JSON', '{"a":"b=c"}', {}],
  ['nothing', '', {}],
  ['more fields than anybody names', 'a=1&'.repeat(2_000_000), {}],
] as const)
  it(why, () => assert.deepEqual(formFields(Buffer.from(text)), expected));

it('bytes that are no text', () => assert.deepEqual(formFields(Uint8Array.from([0x61, 0x3d, 0xff])), {}));
