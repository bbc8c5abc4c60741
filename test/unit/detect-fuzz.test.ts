/**
 * Payloads of every kind, changed at random: whatever comes, `detect` answers, what it answers can be stored and read again, nobody waits
 * long for it, and nothing of the process is changed by it. `TOCSIN_FUZZ_RUNS` says how often (2,000 unless told); a failure prints the seed
 * that brings it back.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileCheck } from '../../triggers/events/check.ts';
import { CloudEventSchema } from '../../triggers/events/cloud-event.ts';
import { MAX_VALUES } from '../../triggers/events/json.ts';
import { POINTER_PATTERN } from '../../triggers/events/json-pointer.ts';
import { type Accepted, accept } from '../../triggers/intake/accept.ts';
import type { PubAck } from '../../triggers/nats/port.ts';
import { decode } from '../../triggers/path/decode.ts';
import { detect } from '../../triggers/sources/detect.ts';
import { sources } from '../../triggers/sources/index.ts';
import { MAX_LINES } from '../../triggers/sources/json-lines.ts';
import { MAX_ITEMS, isObject } from '../../triggers/sources/read.ts';
import { type Sample, bytesOf, corpus } from '../support/corpus.ts';
import { assertNoStall, assertNoStallBetweenTurns } from '../support/processor-time.ts';

const AT = '2026-06-01T12:00:00Z';
const RUNS = Number(process.env['TOCSIN_FUZZ_RUNS'] ?? 2_000);
const [NDJSON, BATCH] = ['application/x-ndjson', 'application/cloudevents-batch+json'];
/** Default of `intake.maxBodyBytes`. */
const MAX_BYTES = 4_194_304;
const ACCEPTING = {
  // The answer of a server comes in a later turn.
  log: {
    publish: () =>
      new Promise<PubAck>((resolve) => setImmediate(resolve, { stream: 'S', sequence: 1, duplicate: false })),
  },
  region: 'eu',
  knownTypes: new Set<string>(),
};
const TOO_EARLY: ReadonlySet<string> = new Set(['too-many-values', 'too-deep', 'empty-body']);
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
    const read = decode(stored, known, stored.storedAt);
    assert.ok(read.ok || read.reason === 'too-deep' || /base64/.test(data.toString()), JSON.stringify(read));
  }
  assertNoStall(`${bytes.length} bytes`, () => {
    const again = detect(Buffer.from(bytes), headers, AT);
    assert.equal(again.events.map(({ id }) => id).join(), events.map(({ id }) => id).join());
  });
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

interface Large {
  readonly raw: Buffer;
  readonly contentType: string;
}

/**
 * The same payload as large as the intake takes it: its list or its lines over and over, else with a long text in it. Null: a form or a
 * text, which nobody sends large.
 */
function grown({ body, headers }: Sample): Large | null {
  if (typeof body === 'string') {
    const count = Math.min(MAX_LINES / body.split('\n').length, MAX_BYTES / (body.length + 1));
    return body.includes('\n') ? { raw: Buffer.from(`${body}\n`.repeat(count)), contentType: NDJSON } : null;
  }
  const contentType = headers?.['content-type'] ?? (isBatch(body) ? BATCH : 'application/json');
  const copy: unknown = structuredClone(body);
  const left = MAX_BYTES - JSON.stringify(body).length;
  const list = [copy, ...holdersOf(copy).map(([holder, key]) => holder[key])].find(Array.isArray);
  const item: unknown = list?.find((each) => typeof each === 'object' && each !== null);
  if (list === undefined || item === undefined)
    return { raw: Buffer.from(JSON.stringify({ ...(copy as object), x: 'x'.repeat(left - 10) })), contentType };
  const values = holdersOf(item).length + 1;
  const most = Math.floor(Math.min(MAX_ITEMS, MAX_VALUES / values - 2, left / (JSON.stringify(item).length + 1)));
  while (list.length < most) list.push(item);
  return { raw: Buffer.from(JSON.stringify(copy)), contentType };
}

const isBatch = (body: unknown): boolean =>
  Array.isArray(body) && body.some((each) => isObject(each) && 'specversion' in each);

describe('fuzz: detect', () => {
  it('the corpus has every kind, and each is recognised as what it is', () => {
    assert.deepEqual([...new Set(corpus.map(({ kind }) => kind))].toSorted(), [...sources.keys()].toSorted());
    for (const sample of corpus) {
      assert.equal(detect(bytesOf(sample), sample.headers ?? {}, AT).source, sample.kind, JSON.stringify(sample));
      check(bytesOf(sample), sample.headers ?? {});
    }
  });

  for (const [index, sample] of corpus.entries()) {
    const large = grown(sample);
    if (large === null) continue;
    it(`${sample.kind}, payload ${index}: the largest body lets others have their turn`, async (t) => {
      const source = sources.get(sample.kind) ?? assert.fail(sample.kind);
      const headers = { ...sample.headers, 'content-type': large.contentType };
      let accepted: Accepted | undefined;
      const ms = await assertNoStallBetweenTurns(`${large.raw.length} bytes`, async () => {
        accepted = await accept({ sender: 'fuzz', ...large, headers, receivedAt: AT }, source, ACCEPTING);
      });
      assert.ok(accepted?.kind === 'read');
      const { stored, rejected } = accepted;
      t.diagnostic(
        `${large.raw.length} bytes, ${stored.length} stored, ${rejected.length} ${rejected[0]?.reason ?? ''}, ${Math.round(ms)} ms`,
      );
      // Taken apart, and not refused before there was anything to do.
      for (const { reason } of rejected) assert.ok(!TOO_EARLY.has(reason), reason);
    });
  }

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
