/**
 * A message that Google Cloud Pub/Sub pushes: wrapped in JSON with its data in base64, or unwrapped, its data as the body and, if asked
 * for, its metadata and attributes as headers. Format: cloud.google.com/pubsub/docs/push and cloud.google.com/pubsub/docs/payload-unwrapping.
 */
import type { TextAt } from '../events/alert-event.ts';
import { type Json, countOf, isObject, scalarsOf, textAt, textOf } from './read.ts';
import { refuseAll } from './refuse.ts';
import type { SourceRequest, SourceResult } from './source.ts';

type Headers = Readonly<Record<string, string>>;

export interface PubsubMessage {
  readonly raw: Uint8Array;
  /** JSON Pointer of the data; empty when it is the body. */
  readonly place: string;
  readonly id: string | null;
  readonly subscription: string | null;
  readonly published: TextAt | null;
  readonly orderingKey: string | null;
  readonly attempt: number | null;
  readonly attributes: Headers;
}

const PUSH_FIELDS = new Set(['message', 'subscription', 'deliveryAttempt']);

/** Only `message.data` is in every push; a message without data has attributes. */
export const isWrapped = (body: Json): boolean =>
  isObject(body['message']) &&
  (typeof body['message']['data'] === 'string' || isObject(body['message']['attributes'])) &&
  Object.keys(body).every((field) => PUSH_FIELDS.has(field));

/** Without metadata only the user agent of Google's servers tells. */
export const isPushed = (headers: Headers): boolean =>
  hasMetadata(headers) || /^APIs-Google\b/.test(headers['user-agent'] ?? '');

/** Then the body is the data, whatever it looks like. */
export const hasMetadata = (headers: Headers): boolean => textOf(headers[`${PREFIX}message-id`]) !== null;

const PREFIX = 'x-goog-pubsub-';

export function wrapped(body: Json, message: Json): PubsubMessage | SourceResult {
  const data = message['data'] ?? '';
  if (typeof data !== 'string' || !isBase64(data))
    return refuseAll('bad-base64', '/message/data', 'expected base64 text');
  return {
    raw: Buffer.from(data, 'base64'),
    place: '/message/data',
    id: textOf(message['messageId']) ?? textOf(message['message_id']),
    subscription: textOf(body['subscription']),
    published:
      textAt(message['publishTime'], '/message/publishTime') ??
      textAt(message['publish_time'], '/message/publish_time'),
    orderingKey: textOf(message['orderingKey']) ?? textOf(message['ordering_key']),
    attempt: countOf(body['deliveryAttempt']),
    attributes: scalarsOf(message['attributes']),
  };
}

export const unwrapped = ({ headers, raw }: SourceRequest): PubsubMessage => ({
  raw,
  place: '',
  id: textOf(headers[`${PREFIX}message-id`]),
  subscription: textOf(headers[`${PREFIX}subscription-name`]),
  published: textAt(headers[`${PREFIX}publish-time`], `/headers/${PREFIX}publish-time`),
  orderingKey: textOf(headers[`${PREFIX}ordering-key`]),
  attempt: null,
  attributes: hasMetadata(headers) ? attributesAmong(headers) : {},
});

/** What HTTP, and the way here, say about the delivery. */
const OF_THE_DELIVERY =
  /^(?:accept|connection|content-(?:encoding|length|type)|forwarded|from|host|te|traceparent|tracestate|transfer-encoding|user-agent|via|x-cloud-.*|x-forwarded-.*|x-goog-.*|x-real-ip|x-request-id)$|^accept-/;

const attributesAmong = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_DELIVERY.test(name)));

/** Both alphabets, with or without padding. */
const isBase64 = (text: string): boolean => /^[A-Za-z0-9+/_-]*={0,2}$/.test(text) && text.length % 4 !== 1;
