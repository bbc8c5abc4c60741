/**
 * One message of the events stream becomes a checked event (R6). Accepts both NATS modes of CloudEvents: structured (also without a
 * content type, as old publishers send it) and binary. Never throws: what cannot be read gets a reason for its dead letter.
 */
import { AlertSchema, type Alert } from '../events/alert.ts';
import { binaryEvent, isBinaryMode, isJsonType, withoutUnset } from '../events/binary-mode.ts';
import { compileCheck } from '../events/check.ts';
import { type CloudEvent, CloudEventSchema, type EventOf } from '../events/cloud-event.ts';
import { forRun } from '../events/for-run.ts';
import { readInstant } from '../events/instant.ts';
import { parseJson } from '../events/json.ts';
import type { Headers, StoredMessage } from '../nats/port.ts';

export type Decoded =
  | { readonly ok: true; readonly event: EventOf<unknown>; readonly alert: Alert | null }
  | { readonly ok: false; readonly reason: string; readonly message: string };

const checkEnvelope = compileCheck(CloudEventSchema);
const checkAlert = compileCheck(AlertSchema);

/**
 * `latest`, ms since 1970: how late it may be now. What was stored by a server whose clock is days behind is of the future by that clock alone,
 * and is taken; its order is its place in the stream all the same (`evidenceMs`).
 */
export function decode(message: StoredMessage, knownTypes: ReadonlySet<string>, latest: number): Decoded {
  const bound = Math.max(message.storedAt, latest);
  const parsed = isBinaryMode(message.headers) ? binary(message.headers, message.data) : structured(message.data);
  if (!parsed.ok) return parsed;
  const envelope = withoutUnset(parsed.value);
  const problem = checkEnvelope(envelope)[0];
  if (problem !== undefined) return bad('not-a-cloudevent', `${problem.place}: ${problem.message}`);
  const event = envelope as CloudEvent;
  const late = timeProblem({ time: event.time }, '', bound);
  if (late !== null) return late;
  if (event.type.startsWith('tocsin.alert.')) return decodeAlert(event, bound);
  // What a source of ours has read needs no listener to be a fact; a type somebody made up elsewhere may be a typing error.
  if (!event.type.startsWith('tocsin.event.') && !knownTypes.has(event.type) && forRun(event) === null) {
    return bad(
      'unknown-event-type',
      `no trigger listens for ${JSON.stringify(event.type)}; known: ${[...knownTypes].join(', ')}`,
    );
  }
  const data = dataOf(event);
  return data.ok ? { ok: true, event: { ...event, data: data.value }, alert: null } : data;
}

function decodeAlert(event: CloudEvent, latest: number): Decoded {
  const problem = checkAlert(event.data)[0];
  if (problem !== undefined) return bad('not-an-alert', `/data${problem.place}: ${problem.message}`);
  const alert = event.data as Alert;
  if (event.type !== `tocsin.alert.${alert.status}`) {
    return bad('status-mismatch', `type is ${event.type} but /data/status is ${JSON.stringify(alert.status)}`);
  }
  const { occurred, started, ended } = alert.time;
  const late = timeProblem({ occurred, started, ended }, '/data/time', latest);
  return late ?? { ok: true, event: event as EventOf<unknown>, alert };
}

/** A publisher on NATS is checked as the intake checks a sender: a time far ahead would outrank everything that comes after it. */
function timeProblem(
  times: Readonly<Record<string, string | null | undefined>>,
  place: string,
  latest: number,
): Extract<Decoded, { ok: false }> | null {
  const now = new Date(latest).toISOString();
  for (const [name, text] of Object.entries(times)) {
    if (text === null || text === undefined) continue;
    const read = readInstant(text, now);
    if (!read.ok) return bad(read.reason, `${place}/${name}: ${JSON.stringify(text.slice(0, 60))} is not acceptable`);
  }
  return null;
}

type Parsed = { readonly ok: true; readonly value: unknown } | Extract<Decoded, { ok: false }>;

function structured(data: Uint8Array): Parsed {
  const parsed = parseJson(data);
  return parsed.ok
    ? { ok: true, value: parsed.value }
    : bad(parsed.reason, `${parsed.place}: the body is not acceptable JSON`);
}

function binary(headers: Headers, data: Uint8Array): Parsed {
  const read = binaryEvent(headers, data);
  return read.ok ? read : bad(read.reason, `${read.place}: ${read.message}`);
}

/** JSON that a sender packed as base64 is JSON all the same. */
function dataOf(event: CloudEvent): Parsed {
  const packed = event.data_base64;
  if (event.data !== undefined || packed === undefined || !isJsonType(event.datacontenttype ?? 'application/json'))
    return { ok: true, value: event.data };
  return structured(Buffer.from(packed, 'base64'));
}

const bad = (reason: string, message: string): Extract<Decoded, { ok: false }> => ({ ok: false, reason, message });
