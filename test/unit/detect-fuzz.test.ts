/**
 * Payloads of every kind, changed at random: whatever comes, `detect` answers, what it answers can be stored and read again, and nothing of
 * the process is changed by it. `TOCSIN_FUZZ_RUNS` says how often (2,000 unless told); a failure prints the seed that brings it back.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileCheck } from '../../triggers/events/check.ts';
import { CloudEventSchema } from '../../triggers/events/cloud-event.ts';
import { POINTER_PATTERN } from '../../triggers/events/json-pointer.ts';
import { decode } from '../../triggers/path/decode.ts';
import { detect } from '../../triggers/sources/detect.ts';
import { sources } from '../../triggers/sources/index.ts';
import { type Sample, bytesOf, corpus } from '../support/corpus.ts';

const AT = '2026-06-01T12:00:00Z';
const RUNS = Number(process.env['TOCSIN_FUZZ_RUNS'] ?? 2_000);
const checkEnvelope = compileCheck(CloudEventSchema);
const isPointer = new RegExp(POINTER_PATTERN);

/** Every property of what objects, lists and functions inherit. */
function prototypes(): string {
  const shape = [Object, Array, Function, String, Number, Map, Set].map(({ prototype }) =>
    Object.entries(Object.getOwnPropertyDescriptors(prototype as object)).map(([name, { value }]) => [
      name,
      typeof value,
    ]),
  );
  return createHash('sha256').update(JSON.stringify(shape)).digest('hex');
}

/** Where nested levels and the consumer's limits do not refuse it, what was detected is read by the consumer. */
function check(bytes: Uint8Array, headers: Readonly<Record<string, string>>): void {
  const { events, rejected } = detect(bytes, headers, AT);
  for (const { reason, place, message } of rejected) {
    assert.match(reason, /^[a-z0-9-]+$/);
    assert.match(place, isPointer);
    assert.notEqual(message, '');
  }
  const known = new Set(events.map(({ type }) => type));
  for (const event of events) {
    assert.deepEqual(checkEnvelope(event), []);
    const data = Buffer.from(JSON.stringify(event));
    const stored = { stream: 'S', subject: 's', sequence: 1, storedAt: Date.parse(AT), headers: {}, data };
    const read = decode(stored, known);
    assert.ok(read.ok || read.reason === 'too-deep' || /base64/.test(data.toString()), JSON.stringify(read));
  }
  const again = detect(Buffer.from(bytes), headers, AT);
  assert.deepEqual(
    again.events.map(({ id }) => id),
    events.map(({ id }) => id),
  );
}

const HOSTILE: readonly unknown[] = [
  null,
  '',
  0,
  -1,
  1e300,
  true,
  [],
  {},
  [null],
  'constructor',
  '__proto__',
  '\u0000',
  '\u{10ffff}',
  'x'.repeat(5_000),
  '0001-01-01T00:00:00Z',
  '2099-01-01T00:00:00Z',
  '99999999999999999999',
  2 ** 60,
  { toString: null },
  { length: -1 },
];

/** One value of the payload replaced, removed, put into a list, or put in the place of another. */
const changedValue = ({ body }: Sample): fc.Arbitrary<Buffer> =>
  fc
    .tuple(fc.nat(), fc.nat(), fc.oneof(fc.constantFrom(...HOSTILE), fc.jsonValue({ maxDepth: 3 })), fc.nat({ max: 3 }))
    .map(([at, from, value, how]) => {
      const copy: unknown = structuredClone(body);
      const places = holdersOf(copy);
      const place = places[at % Math.max(places.length, 1)];
      const other = places[from % Math.max(places.length, 1)];
      if (place === undefined || other === undefined) return Buffer.from(JSON.stringify(value));
      const [holder, key] = place;
      if (how === 0) delete holder[key];
      else
        holder[key] =
          how === 1 ? [structuredClone(holder[key]), value] : how === 2 ? structuredClone(other[0][other[1]]) : value;
      return Buffer.from(JSON.stringify(copy));
    });

type Holder = Record<string, unknown>;

function holdersOf(value: unknown): readonly (readonly [Holder, string])[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Holder;
  return Object.keys(holder).flatMap((key) => [[holder, key] as const, ...holdersOf(holder[key])]);
}

/** The bytes cut, or one of them replaced, or those of another payload behind them. */
const changedBytes = (sample: Sample): fc.Arbitrary<Buffer> =>
  fc
    .tuple(fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 2 }), fc.constantFrom(...corpus))
    .map(([at, byte, how, other]) => {
      const bytes = bytesOf(sample);
      const index = at % bytes.length;
      if (how === 0) return bytes.subarray(0, index);
      if (how === 1) return Buffer.concat([bytes, Buffer.from('\n'), bytesOf(other)]);
      bytes[index] = byte;
      return bytes;
    });

const header = fc.constantFrom(
  'content-type',
  'ce-specversion',
  'ce-id',
  'x-github-event',
  'sentry-hook-resource',
  'x-amz-sns-rawdelivery',
);
const headerValue = fc.oneof(
  fc.constantFrom('application/json', 'text/plain', 'application/cloudevents-batch+json', 'true', 'push', '1.0'),
  fc.string(),
);

describe('fuzz: detect', () => {
  it('the corpus has every kind, and each is recognised as what it is', () => {
    assert.deepEqual([...new Set(corpus.map(({ kind }) => kind))].toSorted(), [...sources.keys()].toSorted());
    for (const sample of corpus) {
      assert.equal(detect(bytesOf(sample), sample.headers ?? {}, AT).source, sample.kind, JSON.stringify(sample));
      check(bytesOf(sample), sample.headers ?? {});
    }
  });

  it('whatever comes, there is an answer, and nothing else changes', () => {
    const before = prototypes();
    const changed = fc.constantFrom(...corpus).chain((sample) =>
      fc.tuple(
        fc.oneof(typeof sample.body === 'string' ? changedBytes(sample) : changedValue(sample), changedBytes(sample)),
        fc.oneof(fc.constant({}), fc.dictionary(header, headerValue)).map((more) => ({ ...sample.headers, ...more })),
      ),
    );
    fc.assert(
      fc.property(changed, ([bytes, headers]) => check(bytes, headers)),
      { numRuns: RUNS },
    );
    assert.equal(prototypes(), before);
  });
});
