/**
 * UptimeRobot's webhooks: variables sent as JSON, as a form, in the address, or in a template of one's own. Names are read without regard
 * to case and underscores, because templates differ only in these. Format: help.uptimerobot.com, webhook integration.
 */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, alertEvent } from '../events/alert-event.ts';
import { epochSeconds } from '../events/epoch.ts';
import { escapeToken } from '../events/json-keys.ts';
import { parseJson } from '../events/json.ts';
import { plainEvent } from '../events/plain-event.ts';
import { FORM, formFields } from './form.ts';
import { labelsFrom } from './label-facts.ts';
import { MAX_LABELS, epochAt, isObject, readItems, scalarsOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';

const STATUSES: Readonly<Record<string, AlertStatus>> = {
  '1': 'firing',
  down: 'firing',
  '2': 'resolved',
  up: 'resolved',
};
/** What says which monitor it is. */
const MONITOR = ['monitorid', 'monitorurl', 'monitorfriendlyname'];
/** JSON that does not say it is some; it has twenty variables. */
const MAX_UNTYPED_BYTES = 100_000;
/** A certificate or domain that will run out: the monitor itself is neither up nor down by it. Only of certificates the number is documented. */
const isExpiry = (type: string | null, friendly: string | null): boolean =>
  type === '3' || (!Object.hasOwn(STATUSES, type?.toLowerCase() ?? '') && /\bexpir/i.test(friendly ?? type ?? ''));

export const uptimerobot: Source = {
  kind: 'uptimerobot',
  methods: ['GET'],
  // Contacts that were made long ago say no type.
  bodyOf: (contentType) =>
    contentType === 'application/json' ? 'json' : contentType === FORM || contentType === null ? 'bytes' : 'refused',
  recognises: (request) => {
    const fields = fieldsOf(request);
    // Templates for Datadog may name monitors and types of alerts, too: those types are words.
    const hasType = /^\d+$/.test(fields.get('alerttype')?.value ?? '') || fields.has('alerttypefriendlyname');
    return hasType && MONITOR.some((name) => fields.has(name));
  },
  toEvents: (request) => {
    const fields = fieldsOf(request);
    if (fields.size === 0)
      return refuseAll('not-uptimerobot', '', 'expected the variables of an alert as JSON or a form');
    return readItems([fields], () => toEvent(request, fields));
  },
};

interface Field {
  readonly value: string;
  readonly place: string;
}
type Fields = ReadonlyMap<string, Field>;

/** A variable that UptimeRobot does not know stays in the text as `*itsName*`: then nothing was said. */
function fieldsOf({ body, raw }: SourceRequest): Fields {
  const json = body === null && raw.length <= MAX_UNTYPED_BYTES ? parseJson(raw) : null;
  const object = json?.ok === true ? json.value : body;
  const given = object === null ? variablesOf(formFields(raw)) : [...groupedIn(object), ...variablesOf(object)];
  return new Map(
    given
      .filter(([, value]) => value !== '' && !/^\*\w+\*$/.test(value))
      .map(([path, value]) => [
        path.join('').replaceAll('_', '').toLowerCase(),
        { value, place: path.map((name) => `/${escapeToken(name)}`).join('') },
      ]),
  );
}

type Variable = readonly [path: readonly string[], value: string];

const variablesOf = (object: unknown, group: readonly string[] = []): readonly Variable[] =>
  Object.entries(scalarsOf(object)).map(([name, value]) => [[...group, name], value]);

/** Of a template that groups its variables, `{"monitor": {"id": ...}}`, the names read on: `monitorid`. */
const groupedIn = (template: unknown): readonly Variable[] =>
  isObject(template)
    ? Object.keys(template)
        .slice(0, MAX_LABELS)
        .flatMap((name) => variablesOf(template[name], [name]))
    : [];

function toEvent(request: SourceRequest, fields: Fields): AlertResult {
  const text = (name: string): string | null => fields.get(name)?.value ?? null;
  const [id, url, name] = [text('monitorid'), text('monitorurl'), text('monitorfriendlyname')];
  if (id === null && url === null && name === null)
    return refuseItem('missing-identity', '/monitorID', 'expected the id of the monitor, or its URL and name');
  const key = id ?? JSON.stringify([url, name]);
  const type = text('alerttype');
  const friendly = text('alerttypefriendlyname');
  const time = fields.get('alertdatetime');
  const occurred = time === undefined ? null : epochAt(time.value, time.place, epochSeconds);
  if (isExpiry(type, friendly))
    return plainEvent(request, {
      name: 'uptimerobot.expiry',
      identity: [key, occurred?.text ?? request.rawSha256],
      occurred,
      subject: name ?? url ?? id,
      data: labelsFrom([...fields].map(([field, { value }]) => [field, value] as const)),
    });
  const statusText = friendly ?? type;
  if (statusText === null)
    return refuseItem('missing-status', '/alertType', 'expected "1" (down) or "2" (up), or the friendly name of it');
  const state = (type ?? statusText).toLowerCase();
  const status = Object.hasOwn(STATUSES, state) ? (STATUSES[state] ?? 'unknown') : 'unknown';
  return alertEvent(request, {
    key: `monitor:${key}`,
    status,
    statusText,
    name,
    started: status === 'firing' ? occurred : null,
    ended: occurred,
    occurred,
    title: name ?? url,
    description: text('alertdetails'),
    labels: labelsFrom([
      ['url', url],
      ['contacts', text('monitoralertcontacts')],
      ['duration', text('alertduration')],
    ]),
    resource: { kind: 'monitor', id, name: url ?? name },
  });
}
