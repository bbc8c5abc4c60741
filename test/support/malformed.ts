/** The 24 classes of bad input, each made out of a good request, so that it reaches as deep as it can. */
import { gzipSync } from 'node:zlib';

export interface Malformed {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export interface MalformedClass {
  readonly name: string;
  /** What can never be read: refused at every entry. Else it may also be text like any other, a field that nobody needs, or no event. */
  readonly unreadable: boolean;
  make(good: unknown): Malformed;
}

/** Bytes that an intake of the tests takes at most. */
export const MALFORMED_MAX_BYTES = 4_194_304;
const MILLION = 1_000_000;

const text = (body: string, headers: Malformed['headers'] = {}): Malformed => ({ body: Buffer.from(body), headers });
const written = (value: unknown): Malformed => text(JSON.stringify(value));
/** The object, or the first one in the list, with this text as its last member. */
const withMember = (good: unknown, member: string): string => {
  const whole = JSON.stringify(good);
  const at = whole.lastIndexOf('}');
  return `${whole.slice(0, at)},${member}${whole.slice(at)}`;
};
/** Every value that is no container, replaced. */
const mapped = (value: unknown, change: (leaf: unknown, name: string) => unknown, name = ''): unknown => {
  if (Array.isArray(value)) return value.map((each) => mapped(each, change, name));
  if (typeof value !== 'object' || value === null) return change(value, name);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapped(each, change, key)]));
};
const strings = (good: unknown, change: (text: string) => string): unknown =>
  mapped(good, (leaf) => (typeof leaf === 'string' ? change(leaf) : leaf));

const cannot = (name: string, make: MalformedClass['make']): MalformedClass => ({ name, unreadable: true, make });
const may = (name: string, make: MalformedClass['make']): MalformedClass => ({ name, unreadable: false, make });

export const MALFORMED: readonly MalformedClass[] = [
  cannot('empty', () => text('')),
  cannot('truncated', (good) => text(JSON.stringify(good).slice(0, -7))),
  cannot('bad UTF-8', (good) => ({
    body: Buffer.concat([Buffer.from(withMember(good, '"x":"')), Buffer.from([0xc3, 0x28])]),
    headers: {},
  })),
  cannot('UTF-16 with BOM', (good) => ({ body: Buffer.from(`\ufeff${JSON.stringify(good)}`, 'utf16le'), headers: {} })),
  cannot('lone surrogate', (good) => text(withMember(good, '"x":"\\ud800"'))),
  cannot('NUL in a string', (good) => text(withMember(good, '"x":"a\u0000b"'))),
  cannot('scalar at the top', () => text('7')),
  cannot('duplicate keys', (good) => text(withMember(good, '"x":1,"x":2'))),
  cannot('a million levels', () => text('['.repeat(MILLION))),
  may('a million elements', () => text(`{"alerts":[${'1,'.repeat(MILLION - 1)}1]}`)),
  may('larger than the limit', (good) => text(withMember(good, `"x":"${'x'.repeat(MALFORMED_MAX_BYTES)}"`))),
  cannot('1e400', (good) => text(withMember(good, '"x":1e400'))),
  may('beyond 2^53', (good) => text(withMember(good, '"x":12345678901234567890'))),
  cannot('NaN', (good) => text(withMember(good, '"x":NaN'))),
  cannot('__proto__', (good) => text(withMember(good, '"__proto__":{"polluted":true}'))),
  may('nothing in it', () => written({})),
  may('null for every value', (good) => written(mapped(good, () => null))),
  may('a future schema', (good) => written(mapped(good, (leaf, name) => (/version/i.test(name) ? '99' : leaf)))),
  may('a retired schema', () => written({ schema: 'retired', status: ['x'], alert: 7, event: 'x', incident: [] })),
  may('times that are none', (good) =>
    written(strings(good, (each) => (/^\d{4}-\d\d-\d\d/.test(each) ? '2026-13-45T99:00:00 Mars' : each))),
  ),
  may('template and shell text', (good) =>
    written(strings(good, (each) => `${each}{{ .x }}\${jndi:ldap://x}$(reboot)\`id\`;'"\r\nPUB x 1`)),
  ),
  may('text that slows patterns', (good) =>
    written(strings(good, (each) => `${each}${'a'.repeat(20_000)}${' '.repeat(20_000)}!`)),
  ),
  cannot('gzip', (good) => ({ body: gzipSync(JSON.stringify(good)), headers: { 'content-encoding': 'gzip' } })),
  may('ids of >1000 bytes with .*>', (good) =>
    written(mapped(good, (leaf, name) => (/id|key|fingerprint/i.test(name) ? `a.*> ${'x'.repeat(1_100)}` : leaf))),
  ),
];
