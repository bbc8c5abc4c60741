/**
 * The 24 classes of bad input, each made out of a good request, so that it reaches as deep as it can, and the only reasons that it may be
 * refused for, at whichever entry: they are what operators search for, and what senders' people read.
 */
import { gzipSync } from 'node:zlib';
import { isObject } from '../../triggers/sources/read.ts';
import { alertEvent } from './events.ts';

export interface Malformed {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export interface MalformedClass {
  readonly name: string;
  /** What can never be read: refused at every entry. Else it may also be text like any other, a field that nobody needs, or no event. */
  readonly unreadable: boolean;
  readonly reasons: readonly string[];
  make(good: unknown): Malformed;
}

/** Bytes that an intake of the tests takes at most. */
export const MALFORMED_MAX_BYTES = 4_194_304;
/** Not a reason of ours: the stream has refused it, and its publisher knows. */
export const LARGER_THAN_A_MESSAGE = 'larger-than-a-message';
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

const cannot = (name: string, reasons: readonly string[], make: MalformedClass['make']): MalformedClass => ({
  name,
  unreadable: true,
  reasons,
  make,
});
const may = (name: string, reasons: readonly string[], make: MalformedClass['make']): MalformedClass => ({
  name,
  unreadable: false,
  reasons,
  make,
});

/** What is no request of the sender whose address it came to. */
const FOREIGN = [
  'not-a-batch',
  'not-a-cloudevent',
  'not-alertmanager',
  'not-an-alert',
  'not-an-event',
  'not-an-object',
  'not-azure-monitor',
  'not-datadog',
  'not-eventbridge',
  'not-gcp',
  'not-github',
  'not-grafana',
  'not-healthchecks',
  'not-newrelic',
  'not-opsgenie',
  'not-pagerduty',
  'not-pingdom',
  'not-sentry',
  'not-sns',
  'not-sqs',
  'not-uptime-kuma',
  'not-uptimerobot',
  'not-zabbix',
];
/** What nobody can act on without. */
const MISSING = [
  'missing-alert',
  'missing-heartbeat',
  'missing-identity',
  'missing-incident',
  'missing-rule',
  'missing-status',
  'missing-type',
];
const UNKNOWN = ['unknown-event', 'unknown-format', 'unknown-message-type', 'unknown-schema'];
/** Of a text that its source needs to be a certain one. */
const OTHER_TEXTS = ['missing-identity', 'not-a-cloudevent', 'not-an-alert', 'not-an-event', ...UNKNOWN];

export const MALFORMED: readonly MalformedClass[] = [
  cannot('empty', ['empty-body', 'not-json', ...FOREIGN], () => text('')),
  cannot('truncated', ['not-json'], (good) => text(JSON.stringify(good).slice(0, -7))),
  cannot('bad UTF-8', ['not-utf8'], (good) => ({
    body: Buffer.concat([Buffer.from(withMember(good, '"x":"')), Buffer.from([0xc3, 0x28])]),
    headers: {},
  })),
  cannot('UTF-16 with BOM', ['not-utf8'], (good) => ({
    body: Buffer.from(`\ufeff${JSON.stringify(good)}`, 'utf16le'),
    headers: {},
  })),
  cannot('lone surrogate', ['lone-surrogate'], (good) => text(withMember(good, '"x":"\\ud800"'))),
  cannot('NUL in a string', ['not-json'], (good) => text(withMember(good, '"x":"a\u0000b"'))),
  cannot('scalar at the top', ['not-json', 'unknown-format', ...FOREIGN], () => text('7')),
  cannot('duplicate keys', ['duplicate-key'], (good) => text(withMember(good, '"x":1,"x":2'))),
  cannot('a million levels', ['too-deep', LARGER_THAN_A_MESSAGE], () => text('['.repeat(MILLION))),
  may('a million elements', ['too-many-values', LARGER_THAN_A_MESSAGE], () =>
    text(`{"alerts":[${'1,'.repeat(MILLION - 1)}1]}`),
  ),
  may('larger than the limit', ['body-too-large', LARGER_THAN_A_MESSAGE], (good) =>
    text(withMember(good, `"x":"${'x'.repeat(MALFORMED_MAX_BYTES)}"`)),
  ),
  cannot('1e400', ['number-out-of-range'], (good) => text(withMember(good, '"x":1e400'))),
  may('beyond 2^53', [], (good) => text(withMember(good, '"x":12345678901234567890'))),
  cannot('NaN', ['not-json'], (good) => text(withMember(good, '"x":NaN'))),
  cannot('__proto__', ['forbidden-key'], (good) => text(withMember(good, '"__proto__":{"polluted":true}'))),
  may('nothing in it', [...MISSING, ...UNKNOWN, ...FOREIGN], () => written({})),
  may('null for every value', [...MISSING, ...UNKNOWN, ...FOREIGN, 'bad-labels', 'missing-body'], (good) =>
    written(mapped(good, () => null)),
  ),
  may('a future schema', ['not-a-cloudevent', 'not-an-event'], (good) =>
    written(mapped(good, (leaf, name) => (/version/i.test(name) ? '99' : leaf))),
  ),
  may('a retired schema', [...MISSING, ...UNKNOWN, ...FOREIGN], () =>
    written({ schema: 'retired', status: ['x'], alert: 7, event: 'x', incident: [] }),
  ),
  may('times that are none', ['time-not-rfc3339', 'not-a-cloudevent', 'not-an-alert'], (good) =>
    written(strings(good, (each) => (/^\d{4}-\d\d-\d\d/.test(each) ? '2026-13-45T99:00:00 Mars' : each))),
  ),
  may('template and shell text', ['time-not-rfc3339', ...OTHER_TEXTS], (good) =>
    written(strings(good, (each) => `${each}{{ .x }}\${jndi:ldap://x}$(reboot)\`id\`;'"\r\nPUB x 1`)),
  ),
  may('text that slows patterns', ['time-not-rfc3339', LARGER_THAN_A_MESSAGE, ...OTHER_TEXTS], (good) =>
    written(strings(good, (each) => `${each}${'a'.repeat(20_000)}${' '.repeat(20_000)}!`)),
  ),
  cannot('gzip', ['content-encoding', 'not-utf8'], (good) => ({
    body: gzipSync(JSON.stringify(good)),
    headers: { 'content-encoding': 'gzip' },
  })),
  may('ids of >1000 bytes with .*>', OTHER_TEXTS, (good) =>
    written(mapped(good, (leaf, name) => (/id|key|fingerprint/i.test(name) ? `a.*> ${'x'.repeat(1_100)}` : leaf))),
  ),
];

/** As a message of NATS: an alert, of which binary mode has all but the data in its headers. */
export function malformedMessage({ make }: MalformedClass, mode: 'structured' | 'binary'): Malformed {
  const { data, ...attributes } = { ...alertEvent('resolved'), time: '2026-01-01T00:00:00Z' };
  if (mode === 'structured') return { body: make({ ...attributes, data }).body, headers: {} };
  const given = Object.entries(attributes).filter(([, value]) => !isObject(value));
  const headers = Object.fromEntries(given.map(([name, value]) => [`ce-${name}`, encodeURIComponent(String(value))]));
  return { body: make(data).body, headers: { ...headers, 'content-type': 'application/json' } };
}
