/**
 * Falco's `http_output` and Falcosidekick's webhook: one detection as JSON, or many as lines. A detection has no end and no state, so it is
 * a plain event that starts once. Format: falcosecurity/falco-website docs/concepts/outputs, falcosecurity/falcosidekick types/types.go.
 */
import type { AlertResult, TextAt } from '../events/alert-event.ts';
import { epochNanos } from '../events/epoch.ts';
import { exactDigits } from '../events/exact-digits.ts';
import { type JsonProblem, parseJson } from '../events/json.ts';
import { plainEvent } from '../events/plain-event.ts';
import { type Json, epochAt, isObject, readItems, textAt, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';

const LINES = new Set(['application/x-ndjson', 'application/jsonl', 'application/json-lines']);

export const falco: Source = {
  kind: 'falco',
  bodyOf: (contentType) =>
    contentType === 'application/json' ? 'json' : LINES.has(contentType ?? '') ? 'bytes' : 'refused',
  recognises: (request) => {
    const first = itemsOf(request)[0]?.value;
    return (
      isObject(first) &&
      ['rule', 'priority', 'output'].every((field) => typeof first[field] === 'string') &&
      ('output_fields' in first || 'time' in first)
    );
  },
  toEvents: (request) => {
    const items = itemsOf(request);
    if (items.length === 0) return refuseAll('empty-body', '', 'expected a detection');
    return readItems(items, (item) => toEvent(request, item as Item));
  },
};

interface Item {
  readonly value: unknown;
  readonly raw: Uint8Array;
  /** Of lines the first token is the line, counted from 0. */
  readonly place: string;
  readonly problem: JsonProblem | null;
}

function itemsOf({ body, raw }: SourceRequest): readonly Item[] {
  if (body !== null) return [{ value: body, raw, place: '', problem: null }];
  // Latin 1 keeps every byte as it is, so that bad UTF-8 is found and not repaired.
  const lines = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1').split('\n');
  return lines.flatMap((line, index): readonly Item[] => {
    if (line.trim() === '') return [];
    const bytes = Buffer.from(line, 'latin1');
    const parsed = parseJson(bytes);
    const place = `/${index}`;
    return [
      parsed.ok
        ? { value: parsed.value, raw: bytes, place, problem: null }
        : { value: null, raw: bytes, place: place + parsed.place, problem: parsed.reason },
    ];
  });
}

function toEvent(request: SourceRequest, { value, raw, place, problem }: Item): AlertResult {
  if (problem !== null) return refuseItem(problem, place, 'expected one JSON object on this line');
  if (!isObject(value)) return refuseItem('not-an-object', place, 'expected a detection as an object');
  const rule = textOf(value['rule']);
  if (rule === null) return refuseItem('missing-rule', `${place}/rule`, 'expected the name of the rule');
  const hostname = textOf(value['hostname']);
  const occurred = timeOf(value, raw, place);
  return plainEvent(request, {
    name: 'falco.detection',
    identity: identityOf(value, [rule, hostname, occurred?.text, value['output']]),
    occurred,
    severity: textOf(value['priority']),
    subject: hostname === null ? rule : `${rule} on ${hostname}`,
    data: value,
  });
}

/** Only newer versions give a detection an id. */
function identityOf(value: Json, facts: readonly unknown[]): readonly unknown[] {
  const id = textOf(value['uuid']);
  return id === null ? facts : [id];
}

/** `evt.time` in nanoseconds stands in for a missing time. */
function timeOf(value: Json, raw: Uint8Array, place: string): TextAt | null {
  const given = value['time'];
  if (typeof given === 'string') return textAt(given, `${place}/time`);
  if (given !== undefined && given !== null)
    return epochAt(exactDigits(raw, 'time', given) ?? given, `${place}/time`, epochNanos);
  const fields = isObject(value['output_fields']) ? value['output_fields'] : {};
  const nanos = fields['evt.time'];
  return epochAt(exactDigits(raw, 'evt.time', nanos) ?? nanos, `${place}/output_fields/evt.time`, epochNanos);
}
