/**
 * Falco's `http_output` and Falcosidekick's webhook: one detection as JSON, or many as lines. A detection has no end and no state, so it is
 * a plain event that starts once. Format: falcosecurity/falco-website docs/concepts/outputs, falcosecurity/falcosidekick types/types.go.
 */
import type { AlertResult, TextAt } from '../events/alert-event.ts';
import { epochNanos } from '../events/epoch.ts';
import { plainEvent } from '../events/plain-event.ts';
import { type Line, jsonLines, lineSteps } from './json-lines.ts';
import { type Json, epochAt, inSteps, isObject, itemSteps, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';
import { TEST } from './test-notification.ts';

const LINES = new Set(['application/x-ndjson', 'application/jsonl', 'application/json-lines']);

export const falco: Source = {
  kind: 'falco',
  bodyOf: (contentType) =>
    contentType === 'application/json' ? 'json' : LINES.has(contentType ?? '') ? 'bytes' : 'refused',
  recognises: (request) => {
    const items = itemsOf(request);
    return items.some(({ value }) => isDetection(value));
  },
  readsLines: true,
  ...inSteps(function* (request) {
    const { body, raw } = request;
    const items = body === null ? yield* lineSteps(raw) : itemsOf(request);
    if (items.length === 0) return refuseAll('empty-body', '', 'expected a detection');
    if (items.length === 1 && isTest(items[0]?.value)) return TEST;
    return yield* itemSteps(items, (item) => toEvent(request, item as Line));
  }),
};

const isDetection = (value: unknown): boolean =>
  isObject(value) &&
  ['rule', 'priority', 'output'].every((field) => typeof value[field] === 'string') &&
  ('output_fields' in value || 'time' in value);

/** What Falcosidekick sends to try its outputs (`POST /test`): a detection of no rule of Falco's. */
const isTest = (value: unknown): boolean =>
  isObject(value) &&
  value['rule'] === 'Test rule' &&
  (textOf(value['output']) ?? '').includes('This is a test from falcosidekick');

/** One detection as the whole body, or one a line. */
const itemsOf = ({ body, raw }: SourceRequest): readonly Line[] =>
  body === null ? jsonLines(raw) : [{ value: body, raw, place: '', problem: null }];

function toEvent(request: SourceRequest, { value, place, problem }: Line): AlertResult {
  if (problem !== null) return refuseItem(problem, place, 'expected one JSON object on this line');
  if (!isObject(value)) return refuseItem('not-an-object', place, 'expected a detection as an object');
  const rule = textOf(value['rule']);
  if (rule === null) return refuseItem('missing-rule', `${place}/rule`, 'expected the name of the rule');
  const hostname = textOf(value['hostname']);
  const occurred = timeOf(value, place);
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
function timeOf(value: Json, place: string): TextAt | null {
  const given = value['time'] ?? '';
  if (given !== '') return instantAt(given, `${place}/time`);
  const fields = isObject(value['output_fields']) ? value['output_fields'] : {};
  return instantAt(fields['evt.time'], `${place}/output_fields/evt.time`);
}

/** RFC 3339, or nanoseconds: more of them than a double holds come as a text of digits. */
const instantAt = (value: unknown, place: string): TextAt | null => epochAt(value, place, epochNanos);
