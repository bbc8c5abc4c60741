/**
 * Google Cloud: Monitoring incidents, by webhook or in a Pub/Sub push. A pushed message is opened; when nothing in it is known as an alert
 * it stays a plain event. Format: cloud.google.com/monitoring/support/notification-options.
 */
import type { Alert } from '../events/alert.ts';
import { type ParsedJson, parseJson } from '../events/json.ts';
import { plainEvent } from '../events/plain-event.ts';
import { isReadable, openCarried, within } from './carried.ts';
import { incidentAlert, isIncident } from './gcp-incident.ts';
import { type PubsubMessage, hasMetadata, isPushed, isWrapped, unwrapped, wrapped } from './gcp-pubsub.ts';
import { type Json, isObject, readItems, textOf } from './read.ts';
import { refuseAll } from './refuse.ts';
import type { Source, SourceRequest, SourceResult } from './source.ts';
import { TEST } from './test-notification.ts';
import { sha256Of } from '../events/sha256-of.ts';

export const gcp: Source = {
  kind: 'gcp',
  // An unwrapped message is of any type or of none; to refuse one would make Pub/Sub repeat it for days.
  bodyOf: (contentType, headers) =>
    hasMetadata(headers) || (isPushed(headers) && contentType !== 'application/json') ? 'bytes' : 'json',
  recognises: ({ body, headers }) => isPushed(headers) || (isObject(body) && (isIncident(body) || isWrapped(body))),
  toEvents: (request) => {
    const message = messageOf(request);
    if (message !== null) return 'rejected' in message ? message : opened(request, message);
    const { body } = request;
    if (isObject(body) && 'incident' in body) return incident(request, body, { id: null, attempt: null });
    return refuseAll('not-gcp', '', 'expected an incident of Cloud Monitoring or a Pub/Sub push message');
  },
};

/** Null when it is none; a result when it cannot be read. */
function messageOf(request: SourceRequest): PubsubMessage | SourceResult | null {
  const pushed = isPushed(request.headers);
  // Bytes that nobody has read as JSON yet may still be a wrapped message.
  const body = request.body ?? (pushed ? valueOf(parseJson(request.raw)) : null);
  if (isObject(body) && isObject(body['message']) && (pushed ? isWrapped(body) : !('incident' in body)))
    return wrapped(body, body['message']);
  return pushed ? unwrapped(request) : null;
}

const valueOf = (parsed: ParsedJson): unknown => (parsed.ok ? parsed.value : null);

/** `delivery`: of the Pub/Sub message it came in. */
function incident(request: SourceRequest, body: Json, delivery: Alert['delivery']): SourceResult {
  // The button "send test notification".
  if (body['version'] === 'test') return TEST;
  return readItems([body], () => incidentAlert(request, body, delivery));
}

function opened(request: SourceRequest, message: PubsubMessage): SourceResult {
  const { raw, place, id, attempt } = message;
  const parsed = parseJson(raw);
  const content = valueOf(parsed);
  if (isObject(content) && isIncident(content)) {
    const result = incident(request, content, { id, attempt });
    return { ...result, rejected: within(place, result.rejected) };
  }
  // Attributes stand in for headers, whose names know no case.
  const headers = Object.fromEntries(
    Object.entries(message.attributes).map(([name, value]) => [name.toLowerCase(), value]),
  );
  // A delivery again differs in its envelope, not in what it carries.
  const rawSha256 = sha256Of(raw);
  const inner: SourceRequest = {
    ...request,
    headers,
    contentType: contentTypeOf(headers),
    body: content,
    raw,
    rawSha256,
  };
  const carried = isReadable(parsed) ? openCarried(inner, { place, delivery: { id, attempt } }) : null;
  if (carried !== null) return carried;
  return readItems([message], () =>
    plainEvent(request, {
      name: 'gcp.pubsub.message',
      identity: [id ?? request.rawSha256],
      occurred: message.published,
      subject: message.subscription,
      data: {
        messageId: id,
        subscription: message.subscription,
        attempt,
        publishTime: message.published?.text ?? null,
        orderingKey: message.orderingKey,
        attributes: message.attributes,
        ...(parsed.ok ? { json: content } : { base64: Buffer.from(raw).toString('base64') }),
      },
    }),
  );
}

const contentTypeOf = (headers: Readonly<Record<string, string>>): string | null =>
  textOf(headers['content-type'])?.split(';')[0]?.trim().toLowerCase() ?? null;
