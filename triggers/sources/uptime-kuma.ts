/**
 * Uptime Kuma's webhook notification (both of its presets): a monitor and its latest heartbeat. Without a heartbeat it is a test or a
 * message about a certificate. Format: louislam/uptime-kuma server/notification-providers/webhook.js, server/model/heartbeat.js.
 */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { parseJson } from '../events/json.ts';
import { plainEvent } from '../events/plain-event.ts';
import { labelsFrom } from './label-facts.ts';
import { multipartField } from './multipart.ts';
import { type Json, idOf, isObject, readItems, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';

const STATUSES: Readonly<Record<string, AlertStatus>> = {
  '0': 'firing',
  '1': 'resolved',
  '2': 'unknown',
  '3': 'suppressed',
};
const WORDS: Readonly<Record<string, string>> = { '0': 'down', '1': 'up', '2': 'pending', '3': 'maintenance' };

export const uptimeKuma: Source = {
  kind: 'uptime-kuma',
  bodyOf: (contentType) =>
    contentType === 'application/json' ? 'json' : contentType === 'multipart/form-data' ? 'bytes' : 'refused',
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
    if (heartbeat === null && typeof body['msg'] === 'string' && body['msg'].endsWith(' Testing'))
      return { events: [], rejected: [], control: { kind: 'test', answer: { status: 200, body: { ok: true } } } };
    return readItems([body], () => (heartbeat === null ? message(request, body) : beat(request, body, heartbeat)));
  },
};

/** The other of Kuma's two presets sends the same JSON as the field `data` of a form. */
function bodyOf({ body, raw }: SourceRequest): unknown {
  const field = body === null ? multipartField(raw, 'data') : null;
  const parsed = field === null ? null : parseJson(field);
  return parsed?.ok === true ? parsed.value : body;
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
  return alertEvent(request, {
    key: `monitor:${id}`,
    status: Object.hasOwn(STATUSES, code) ? (STATUSES[code] ?? 'unknown') : 'unknown',
    statusText: Object.hasOwn(WORDS, code) ? (WORDS[code] ?? code) : code,
    name,
    // A reminder while it is down has a time of its own, so a beat does not say when it began.
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

/** `time` is UTC without saying so; `localDateTime` has its offset beside it. */
function timeOf(heartbeat: Json): TextAt | null {
  const [local, offset, utc] = ['localDateTime', 'timezoneOffset', 'time'].map((field) => textOf(heartbeat[field]));
  if (utc) return { text: /(?:Z|[+-]\d\d:?\d\d)$/i.test(utc) ? utc : `${utc}Z`, place: '/heartbeat/time' };
  if (!local) return null;
  return { text: `${local}${offset ?? ''}`, place: '/heartbeat/localDateTime' };
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
