/**
 * Google Cloud: Monitoring incidents, by webhook or in a Pub/Sub push. A pushed message is opened; when nothing in it is known as an alert
 * it stays a plain event. Format: cloud.google.com/monitoring/support/notification-options and cloud.google.com/pubsub/docs/push.
 */
import { createHash } from 'node:crypto';
import { parseJson } from '../events/json.ts';
import { plainEvent } from '../events/plain-event.ts';
import { isReadable, openCarried } from './carried.ts';
import { incidentAlert, isIncident } from './gcp-incident.ts';
import { type Json, isObject, readItems, scalarsOf, textAt, textOf } from './read.ts';
import { refuseAll } from './refuse.ts';
import type { Source, SourceRequest, SourceResult } from './source.ts';

export const gcp: Source = {
  kind: 'gcp',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : 'refused'),
  recognises: ({ body }) => isObject(body) && (isIncident(body) || isPush(body)),
  toEvents: (request) => {
    const { body } = request;
    if (!isObject(body)) return refuseAll('not-gcp', '', 'expected an object with `incident` or `message`');
    if ('incident' in body) return incident(request, body, null);
    if (isObject(body['message'])) return pushed(request, body, body['message']);
    return refuseAll('not-gcp', '', 'expected an incident of Cloud Monitoring or a Pub/Sub push message');
  },
};

const PUSH_FIELDS = new Set(['message', 'subscription', 'deliveryAttempt']);

/** Only `message.data` is in every push; a message without data has attributes. */
const isPush = (body: Json): boolean =>
  isObject(body['message']) &&
  (typeof body['message']['data'] === 'string' || isObject(body['message']['attributes'])) &&
  Object.keys(body).every((field) => PUSH_FIELDS.has(field));

function incident(request: SourceRequest, body: Json, delivery: string | null): SourceResult {
  // The button "send test notification".
  if (body['version'] === 'test')
    return { events: [], rejected: [], control: { kind: 'test', answer: { status: 200, body: { ok: true } } } };
  return readItems([body], () => incidentAlert(request, body, delivery));
}

function pushed(request: SourceRequest, body: Json, message: Json): SourceResult {
  const data = message['data'] ?? '';
  if (typeof data !== 'string' || !isBase64(data))
    return refuseAll('bad-base64', '/message/data', 'expected base64 text');
  const raw = Buffer.from(data, 'base64');
  const id = textOf(message['messageId']) ?? textOf(message['message_id']);
  const parsed = parseJson(raw);
  const inside = parsed.ok ? parsed.value : null;
  if (isObject(inside) && isIncident(inside)) return relocated(incident(request, inside, id));
  const headers = scalarsOf(message['attributes']);
  const inner: SourceRequest = {
    ...request,
    headers,
    contentType: contentTypeOf(headers),
    body: inside,
    raw,
    // A delivery again differs in its envelope, not in what it carries.
    rawSha256: createHash('sha256').update(raw).digest('hex'),
  };
  const carried = isReadable(parsed) ? openCarried(inner, '/message/data') : null;
  if (carried !== null) return carried;
  const attempt = typeof body['deliveryAttempt'] === 'number' ? body['deliveryAttempt'] : null;
  return readItems([message], () =>
    plainEvent(request, {
      name: 'gcp.pubsub.message',
      identity: [id ?? request.rawSha256],
      occurred:
        textAt(message['publishTime'], '/message/publishTime') ??
        textAt(message['publish_time'], '/message/publish_time'),
      subject: textOf(body['subscription']),
      data: {
        messageId: id,
        subscription: textOf(body['subscription']),
        attempt,
        orderingKey: textOf(message['orderingKey']),
        attributes: headers,
        ...(parsed.ok ? { json: parsed.value } : { base64: data }),
      },
    }),
  );
}

const contentTypeOf = (headers: Readonly<Record<string, string>>): string | null =>
  textOf(headers['content-type'])?.split(';')[0]?.trim().toLowerCase() ?? null;

/** What is wrong inside the message lies, for whoever reads the request, at its data. */
const relocated = (result: SourceResult): SourceResult => ({
  ...result,
  rejected: result.rejected.map((each) => ({
    ...each,
    place: '/message/data',
    message: each.place === '' ? each.message : `in the decoded data at ${each.place}: ${each.message}`,
  })),
});

/** Both alphabets, with or without padding. */
const isBase64 = (text: string): boolean => /^[A-Za-z0-9+/_-]*={0,2}$/.test(text) && text.length % 4 !== 1;
