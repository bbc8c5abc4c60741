/**
 * Zabbix: what a webhook sends is made by its media type. Ours is shipped (docs/sources/zabbix-media-type.yaml); read too are those of Zabbix
 * for Event-Driven Ansible and Grafana OnCall, Keep's, every other that names its parameters after their macros, the plain message, and what
 * a connector streams.
 */
import { FORM } from './form.ts';
import { type Line, jsonLines, lineSteps } from './json-lines.ts';
import { type Json, inSteps, isObject, itemSteps } from './read.ts';
import { refuseAll } from './refuse.ts';
import type { Source } from './source.ts';
import { TEST } from './test-notification.ts';
import { EVENT_ID, LINK, STATE, zabbixEvent } from './zabbix-event.ts';
import { type Fields, fieldsOf, isMacro } from './zabbix-fields.ts';
import { isStreamed, streamedEvent } from './zabbix-streamed.ts';

/** A script that adds headers, and no type among them, sends its JSON as what libcurl calls every POST. */
const JSON_TYPES = new Set(['application/json', FORM]);
const NDJSON = 'application/x-ndjson';

export const zabbix: Source = {
  kind: 'zabbix',
  bodyOf: (contentType) => (JSON_TYPES.has(contentType ?? '') ? 'json' : contentType === NDJSON ? 'bytes' : 'refused'),
  recognises: ({ body, raw }) =>
    body === null ? jsonLines(raw).some(({ value }) => isStreamed(value)) : isStreamed(body) || isZabbix(body),
  readsLines: true,
  ...inSteps(function* (request) {
    const { body, raw } = request;
    if (body === null || isStreamed(body)) {
      const lines = body === null ? yield* lineSteps(raw) : [{ value: body, raw, place: '', problem: null }];
      if (lines.length === 0) return refuseAll('empty-body', '', 'expected an event');
      return yield* itemSteps(lines, (line) => streamedEvent(request, line as Line));
    }
    if (!isObject(body)) return refuseAll('not-zabbix', '', 'expected the object that the media type sends');
    const fields = fieldsOf(body);
    if (isTest(fields)) return TEST;
    return yield* itemSteps([body], () => zabbixEvent(request, fields));
  }),
};

function isZabbix(body: unknown): boolean {
  if (!isObject(body)) return false;
  const fields = fieldsOf(body);
  const { given, text, hasMessage } = fields;
  const isOurs = body['sender'] === 'zabbix' && given('eventid') !== null;
  const hasMacros = [['triggerid'], ['eventvalue', 'triggerstatus'], EVENT_ID].every(
    (names) => given(...names) !== null,
  );
  const isLinked = /\btr_events\.php\?/.test(text(...LINK) ?? '') && given(...STATE) !== null;
  return isOurs || hasMacros || isNamedAsMacros(body) || isLinked || hasMessage || isTemplate(body);
}

/** As Zabbix itself writes these two, nobody else does. */
const isNamedAsMacros = (body: Json): boolean =>
  'EVENT.ID' in body && ['EVENT.VALUE', 'EVENT.STATUS', 'TRIGGER.STATUS'].some((name) => name in body);

/** The template that others document. */
const isTemplate = (body: Json): boolean =>
  ['hostname', 'trigger', 'status', 'severity'].every((field) => typeof body[field] === 'string') && 'link' in body;

/** The button "Test" of a media type leaves every macro as it is written. */
const isTest = ({ given, text }: Fields): boolean =>
  isMacro(given(...STATE)?.value) &&
  (isMacro(given(...EVENT_ID)?.value) || /[?&]triggerid=\{TRIGGER\.ID\}/.test(text(...LINK) ?? ''));
