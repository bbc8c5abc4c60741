/**
 * Amazon SNS over HTTP: the envelope (sent as text/plain), raw delivery without one, and the Records form that Lambda functions get. What
 * is inside may be a CloudWatch alarm, an EventBridge event, other JSON or plain text. Format: docs.aws.amazon.com sns, "HTTP/HTTPS headers and JSON formats".
 */
import { isUtf8 } from 'node:buffer';
import type { AlertResult, TextAt } from '../events/alert-event.ts';
import { type JsonProblem, type ParsedJson, parseJson } from '../events/json.ts';
import { plainEvent } from '../events/plain-event.ts';
import { dotted, placeOfArn } from './aws-arn.ts';
import { eventBridgeEvent, isConfigurationChange, isEventBridge } from './aws-eventbridge.ts';
import { isSnsAlarm, snsAlarm } from './cloudwatch.ts';
import type { Steps } from '../events/steps.ts';
import { type Json, inSteps, isObject, itemSteps, readItems, textAt, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import { confirmation, isConfirmation } from './sns-confirmation.ts';
import { isTopicTest } from './sns-topic-test.ts';
import type { Source, SourceRequest, SourceResult } from './source.ts';

export const awsSns: Source = {
  kind: 'aws-sns',
  bodyOf: (contentType, headers) => {
    // The publisher's own text, in whatever media type the topic's owner has chosen.
    if (isRaw(headers)) return 'bytes';
    return contentType === null || contentType === 'text/plain' || contentType === 'application/json'
      ? 'json'
      : 'refused';
  },
  recognises: ({ body, headers }) =>
    textOf(headers['x-amz-sns-message-type']) !== null ||
    (isObject(body) && (isEnvelope(body) || isLambda(body) || isSnsAlarm(body))),
  ...inSteps(function* (request) {
    const { body, headers } = request;
    if (isRaw(headers) && !(isObject(body) && isEnvelope(body))) return rawDelivery(request);
    if (!isObject(body)) return refuseAll('not-sns', '', 'expected an SNS message as a JSON object');
    if (isConfirmation(body)) return confirmation(body);
    if (isLambda(body)) return yield* records(request, body);
    // A bare alarm, as raw delivery leaves it.
    if (isSnsAlarm(body)) return rawDelivery(request);
    return notify(request, { message: body, place: '' });
  }),
};

const TYPES = new Set(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']);

const isRaw = (headers: Readonly<Record<string, string>>): boolean => headers['x-amz-sns-rawdelivery'] === 'true';

const isEnvelope = (body: Json): boolean =>
  TYPES.has(textOf(body['Type']) ?? '') && 'TopicArn' in body && 'Message' in body;

const isLambda = (body: Json): body is Json & { readonly Records: readonly unknown[] } =>
  Array.isArray(body['Records']) &&
  body['Records'].length > 0 &&
  body['Records'].some(
    (record) => isObject(record) && (isObject(record['Sns']) || record['EventSource'] === 'aws:sns'),
  );

interface Envelope {
  readonly message: unknown;
  /** JSON Pointer of the envelope. */
  readonly place: string;
}

/** Quiet messages start nothing; the other records are events or rejections, one each. */
function* records(request: SourceRequest, { Records }: { readonly Records: readonly unknown[] }): Steps<SourceResult> {
  const envelopes: Envelope[] = [];
  for (const [index, record] of Records.entries()) {
    const envelope = { message: isObject(record) ? record['Sns'] : null, place: `/Records/${index}/Sns` };
    if (!isQuiet(envelope)) envelopes.push(envelope);
    yield;
  }
  return yield* itemSteps(envelopes, (envelope) => notification(request, envelope as Envelope));
}

const notify = (request: SourceRequest, envelope: Envelope): SourceResult =>
  isQuiet(envelope) ? { events: [], rejected: [] } : readItems([envelope], () => notification(request, envelope));

function isQuiet({ message }: Envelope): boolean {
  const content = isObject(message) ? contentOf(textOf(message['Message'])) : null;
  return content?.ok === true && isQuietContent(content.value);
}

/** The configuration of an alarm was changed, or a service tries out the topic that it was given. */
const isQuietContent = (content: unknown): boolean =>
  isObject(content) && (isConfigurationChange(content) || isTopicTest(content));

function notification(request: SourceRequest, { message: envelope, place }: Envelope): AlertResult {
  if (!isObject(envelope)) return refuseItem('not-an-object', place, 'expected an SNS message');
  const type = textOf(envelope['Type']);
  if (type !== 'Notification')
    return refuseItem('unknown-message-type', `${place}/Type`, `expected "Notification", not ${JSON.stringify(type)}`);
  const text = textOf(envelope['Message']);
  if (text === null) return refuseItem('missing-message', `${place}/Message`, 'expected the message as a text');
  return published(request, {
    text,
    place: `${place}/Message`,
    id: textOf(envelope['MessageId']),
    idPlace: `${place}/MessageId`,
    topic: textAt(envelope['TopicArn'], `${place}/TopicArn`),
    sent: textAt(envelope['Timestamp'], `${place}/Timestamp`),
    subject: textOf(envelope['Subject']),
    attributes: isObject(envelope['MessageAttributes']) ? envelope['MessageAttributes'] : {},
  });
}

/** Twice what SNS carries. A text is read in one stretch, in which nobody else gets a turn. */
const MAX_MESSAGE_BYTES = 524_288;

/** The body is the message; id and topic stand in headers. */
function rawDelivery(request: SourceRequest): SourceResult {
  const { headers, raw } = request;
  if (raw.length === 0) return refuseAll('empty-body', '', 'expected a message');
  if (raw.length > MAX_MESSAGE_BYTES)
    return refuseAll('event-too-large', '', `${raw.length} bytes; SNS carries half of ${MAX_MESSAGE_BYTES} at most`);
  if (!isUtf8(raw)) return refuseAll('not-utf8', '', 'expected the message as UTF-8 text');
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8');
  const read = contentOf(text);
  if (!read.ok) return refuseAll(read.reason, read.place, 'not acceptable as a message');
  const topic = textOf(headers['x-amz-sns-topic-arn']);
  const message: Published = {
    text,
    place: '',
    // Without the header only the content tells one message from another.
    id: textOf(headers['x-amz-sns-message-id']) ?? request.rawSha256,
    idPlace: '',
    topic: topic === null ? null : { text: topic, place: '/headers/x-amz-sns-topic-arn' },
    sent: null,
    subject: null,
    attributes: {},
  };
  if (isQuietContent(read.value)) return { events: [], rejected: [] };
  return readItems([message], () => published(request, message));
}

interface Published {
  readonly text: string;
  /** JSON Pointer of the message. */
  readonly place: string;
  readonly id: string | null;
  readonly idPlace: string;
  readonly topic: TextAt | null;
  readonly sent: TextAt | null;
  readonly subject: string | null;
  readonly attributes: Json;
}

function published(request: SourceRequest, message: Published): AlertResult {
  const { text, place, topic, sent, id } = message;
  const content = contentOf(text);
  if (!content.ok) return refuseItem(content.reason, place + content.place, 'not acceptable as JSON');
  const { value } = content;
  if (isSnsAlarm(value)) return snsAlarm(request, value, place, { topic, sent, messageId: id });
  if (isEventBridge(value)) return eventBridgeEvent(request, value, place);
  if (id === null) return refuseItem('missing-identity', message.idPlace, 'expected the id of the message');
  return plainEvent(request, {
    name: 'aws.sns.notification',
    identity: [id],
    occurred: sent,
    subject: topic?.text ?? null,
    data: {
      messageId: id,
      topicArn: topic?.text ?? null,
      subject: message.subject,
      timestamp: sent?.text ?? null,
      attributes: message.attributes,
      message: value,
      // The topic's place: of the publisher's the envelope says nothing.
      location: { ...placeOfArn(topic?.text, dotted(topic?.place ?? '/')), zone: null, cluster: null },
    },
  });
}

/** JSON where it is JSON, else the text itself; JSON that is not acceptable (equal keys, too deep) is neither. */
function contentOf(text: string | null): ParsedJson {
  if (text === null) return { ok: true, value: null };
  const parsed = parseJson(Buffer.from(text));
  return parsed.ok || isJson(text, parsed.reason) ? parsed : { ok: true, value: text };
}

/**
 * A text with many brackets or commas is given up before anybody knows whether it is JSON; to find that out would cost what the bounds
 * save. It is taken for JSON when it ends as it begins.
 */
function isJson(text: string, refused: JsonProblem): boolean {
  if (refused !== 'too-deep' && refused !== 'too-many-values') return refused !== 'not-json';
  const trimmed = text.trim();
  return ['[]', '{}'].includes(`${trimmed.at(0)}${trimmed.at(-1)}`);
}
