/** Requests as the intake hands them to a source, and the checks that every source must pass. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { AlertSchema, type Alert } from '../../triggers/events/alert.ts';
import { compileCheck } from '../../triggers/events/check.ts';
import { type CloudEvent, CloudEventSchema } from '../../triggers/events/cloud-event.ts';
import { parseJson } from '../../triggers/events/json.ts';
import type { Source, SourceRequest, SourceResult } from '../../triggers/sources/source.ts';

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly receivedAt?: string;
}

/** `content`: bytes or a text are sent as they are, anything else as JSON. */
export function requestOf(content: unknown, options: RequestOptions = {}): SourceRequest {
  const { headers = {}, contentType = 'application/json', receivedAt = '2026-06-01T12:00:00Z' } = options;
  const raw =
    content instanceof Uint8Array
      ? content
      : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  const parsed = parseJson(raw);
  const rawSha256 = createHash('sha256').update(raw).digest('hex');
  const body = parsed.ok ? parsed.value : null;
  return { sender: 'test', headers, contentType, body, raw, rawSha256, receivedAt };
}

const checkEnvelope = compileCheck(CloudEventSchema);
const checkAlert = compileCheck(AlertSchema);

/** The only event of the request, well-formed. */
export function onlyEvent(source: Source, request: SourceRequest): CloudEvent {
  const { events, rejected } = source.toEvents(request);
  assert.deepEqual(rejected, []);
  assert.equal(events.length, 1);
  const [event] = events;
  assert.ok(event);
  assert.deepEqual(checkEnvelope(event), []);
  return event;
}

/** The only event of the request, which must be an alert. */
export function onlyAlert(source: Source, request: SourceRequest): Alert {
  const event = onlyEvent(source, request);
  assert.deepEqual(checkAlert(event.data), []);
  const alert = event.data as Alert;
  assert.equal(event.type, `tocsin.alert.${alert.status}`);
  assert.equal(event.partitionkey, alert.alertKey);
  return alert;
}

/** Reason and place of every rejection; there must be no event. */
export function rejections({ events, rejected }: SourceResult): readonly string[] {
  assert.deepEqual(events, []);
  return rejected.map(({ reason, place, message }) => {
    assert.notEqual(message, '');
    return `${reason} ${place}`;
  });
}

/** An object that cannot be made a text. */
const NO_TEXT = fc.constantFrom({ toString: null }, [{ toString: null }]);

/** Never throws: on any JSON, on good payloads of which one value was replaced, and on any bytes. */
export function assertTotal(source: Source, good: readonly unknown[], headers: Readonly<Record<string, string>> = {}) {
  const changed = good.map((payload) =>
    fc
      .tuple(fc.constantFrom(...pathsOf(payload)), fc.oneof(fc.jsonValue({ maxDepth: 2 }), NO_TEXT))
      .map(([path, value]) => {
        const copy: unknown = structuredClone(payload);
        return path.length === 0 ? value : replaced(copy, path, value);
      }),
  );
  const anything: fc.Arbitrary<unknown> = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.uint8Array(), ...changed);
  fc.assert(
    fc.property(anything, (content) => {
      const request = requestOf(content, { headers });
      assert.equal(typeof source.recognises(request), 'boolean');
      const { events, rejected } = source.toEvents(request);
      for (const event of events) assert.deepEqual(checkEnvelope(event), []);
      for (const { reason, place } of rejected) assert.ok(reason !== '' && (place === '' || place.startsWith('/')));
    }),
    { numRuns: 300 },
  );
}

function pathsOf(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [[]];
  const inner = Object.entries(value).flatMap(([key, each]) => pathsOf(each).map((path) => [key, ...path]));
  return [[], ...inner, ...Object.keys(value).map((key) => [key])];
}

function replaced(target: unknown, path: readonly string[], value: unknown): unknown {
  const holder = path.slice(0, -1).reduce((at, key) => (at as Record<string, unknown>)[key], target);
  (holder as Record<string, unknown>)[path.at(-1) ?? ''] = value;
  return target;
}
