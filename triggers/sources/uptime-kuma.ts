/**
 * Uptime Kuma's webhook notification (both of its presets, by POST or GET): a monitor and its latest heartbeat. Without a heartbeat it is
 * a test or a message about a certificate. Format: louislam/uptime-kuma server/notification-providers/webhook.js, server/model/monitor.js.
 */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { parseJson } from '../events/json.ts';
import { plainEvent } from '../events/plain-event.ts';
import { FORM, formFields } from './form.ts';
import { labelsFrom } from './label-facts.ts';
import { multipartField } from './multipart.ts';
import { type Json, idOf, isObject, readItems, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';
import { TEST } from './test-notification.ts';

const STATUSES: Readonly<Record<string, AlertStatus>> = {
  '0': 'firing',
  '1': 'resolved',
  '2': 'unknown',
  '3': 'suppressed',
};
const WORDS: Readonly<Record<string, string>> = { '0': 'down', '1': 'up', '2': 'pending', '3': 'maintenance' };

export const uptimeKuma: Source = {
  kind: 'uptime-kuma',
  methods: ['GET'],
  bodyOf: (contentType) =>
    contentType === 'application/json'
      ? 'json'
      : contentType === 'multipart/form-data' || contentType === FORM
        ? 'bytes'
        : 'refused',
  recognises: (request) => {
    const body = bodyOf(request);
    if (!isObject(body) || !('heartbeat' in body) || !('monitor' in body)) return false;
    const { heartbeat } = body;
    return isObject(heartbeat) ? 'status' in heartbeat : heartbeat === null && typeof body['msg'] === 'string';
  },
  toEvents: (request) => {
    const body = bodyOf(request);
    if (!isObject(body)) return refuseAll('not-uptime-kuma', '', 'expected `heartbeat`, `monitor` and `msg`');
    const heartbeat = body['heartbeat'] ?? null;
    if (heartbeat === null && typeof body['msg'] === 'string' && body['msg'].endsWith(' Testing')) return TEST;
    return readItems([body], () => (heartbeat === null ? message(request, body) : beat(request, body, heartbeat)));
  },
};

/** The other of Kuma's two presets sends the same JSON as the field `data` of a form; by GET each of its members is a variable. */
function bodyOf({ body, raw }: SourceRequest): unknown {
  if (body !== null) return body;
  const data = multipartField(raw, 'data');
  if (data !== null) return jsonOf(data);
  const { msg, ...members } = formFields(raw);
  if (msg === undefined) return null;
  return { msg, ...Object.fromEntries(Object.entries(members).map(([name, text]) => [name, jsonOf(text)])) };
}

/** What is no JSON stays what it is, and is refused where an object is needed. */
function jsonOf(text: Uint8Array | string): unknown {
  const parsed = parseJson(Buffer.from(text));
  return parsed.ok ? parsed.value : text;
}

/** Certificates that expire are told of in words only. */
function message(request: SourceRequest, body: Json): AlertResult {
  const text = textOf(body['msg']);
  if (text === null)
    return refuseItem('missing-heartbeat', '/heartbeat', 'expected a heartbeat, or a message in `msg`');
  return plainEvent(request, { name: 'uptime-kuma.message', identity: [request.rawSha256], subject: text, data: body });
}

function beat(request: SourceRequest, body: Json, heartbeat: unknown): AlertResult {
  if (!isObject(heartbeat)) return refuseItem('missing-heartbeat', '/heartbeat', 'expected an object');
  const monitor = isObject(body['monitor']) ? body['monitor'] : {};
  const id = idOf(monitor['id']) ?? idOf(heartbeat['monitorID']) ?? idOf(heartbeat['monitor_id']);
  if (id === null) return refuseItem('missing-identity', '/monitor/id', 'expected the id of the monitor');
  // 0 means down.
  const code = idOf(heartbeat['status']);
  if (code === null) return refuseItem('missing-status', '/heartbeat/status', 'expected 0 (down), 1 (up), 2 or 3');
  const name = textOf(monitor['name']);
  const time = timeOf(heartbeat);
  const down = textOf(heartbeat['lastDownTime']);
  return alertEvent(request, {
    key: `monitor:${id}`,
    status: Object.hasOwn(STATUSES, code) ? (STATUSES[code] ?? 'unknown') : 'unknown',
    statusText: Object.hasOwn(WORDS, code) ? (WORDS[code] ?? code) : code,
    name,
    // A reminder while it is down has a time of its own: only newer versions say when it began, and once it is up again.
    started: down === null ? null : { text: withDefault(down, 'Z'), place: '/heartbeat/lastDownTime' },
    ended: time,
    occurred: time,
    title: name,
    description: textOf(heartbeat['msg']) ?? textOf(body['msg']),
    labels: labelsOf(monitor),
    resource: {
      kind: textOf(monitor['type']) ?? 'monitor',
      id,
      name: textOf(monitor['hostname']) ?? urlOf(monitor) ?? name,
    },
  });
}

/** `time` is UTC without saying so; `localDateTime` has its offset and zone beside it. */
function timeOf(heartbeat: Json): TextAt | null {
  const [local, zone, utc] = ['localDateTime', 'timezone', 'time'].map((field) => textOf(heartbeat[field]));
  if (utc) return { text: withDefault(utc, 'Z'), place: '/heartbeat/time' };
  if (!local) return null;
  const offset = offsetOf(heartbeat['timezoneOffset']) ?? (zone ? `[${zone}]` : '');
  return { text: withDefault(local, offset), place: '/heartbeat/localDateTime' };
}

const withDefault = (time: string, offset: string): string =>
  /(?:Z|[+-]\d\d:?\d\d)$/i.test(time) ? time : `${time}${offset}`;

/** `+02:00`, or a number as Kuma's library of time has it: hours east of UTC up to 16, minutes beyond. */
function offsetOf(value: unknown): string | null {
  if (typeof value !== 'number') return textOf(value);
  const minutes = Math.abs(value) <= 16 ? Math.abs(value) * 60 : Math.abs(value);
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'));
  return `${value < 0 ? '-' : '+'}${hour}:${minute}`;
}

/** Kuma fills in `https://` where a monitor has no address. */
const urlOf = (monitor: Json): string | null => {
  const url = textOf(monitor['url']);
  return url === null || /^https?:\/\/$/.test(url) ? null : url;
};

function labelsOf(monitor: Json): Readonly<Record<string, string>> {
  const tags = Array.isArray(monitor['tags']) ? (monitor['tags'] as readonly unknown[]) : [];
  const pairs = tags.filter(isObject).map((tag) => [idOf(tag['name']), idOf(tag['value'])] as const);
  return labelsFrom([...pairs, ['url', urlOf(monitor)]]);
}
