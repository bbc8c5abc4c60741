/**
 * Messages of an Amazon SQS queue: the Records form that Lambda functions get, and the answer of `ReceiveMessage`. A body that says itself
 * what it is (an SNS envelope, an EventBridge event, a webhook of any other sender) is opened; any other is a plain event.
 */
import type { Alert } from '../events/alert.ts';
import type { AlertResult } from '../events/alert-event.ts';
import type { CloudEvent } from '../events/cloud-event.ts';
import { epochMillis } from '../events/epoch.ts';
import { type JsonBudget, MAX_VALUES, parseJson } from '../events/json.ts';
import { plainEvent } from '../events/plain-event.ts';
import { isReadable, openCarried } from './carried.ts';
import { type Json, MAX_ITEMS, countOf, epochAt, inSteps, isObject, readItems, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Rejection, Source, SourceRequest, SourceResult } from './source.ts';
import { sha256Of } from '../events/sha256-of.ts';

export const awsSqs: Source = {
  kind: 'aws-sqs',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : 'refused'),
  recognises: ({ body }) => {
    const list = listOf(body);
    return list !== null && list.items.some((item) => list.form.isMessage(item));
  },
  ...inSteps(function* (request) {
    const list = listOf(request.body);
    if (list === null) return refuseAll('not-sqs', '', 'expected an array of messages in `Records` or `Messages`');
    const { items, form } = list;
    if (items.length > MAX_ITEMS)
      return refuseAll('too-many-events', `/${form.list}`, `expected at most ${MAX_ITEMS} messages`);
    const budget: JsonBudget = { values: MAX_VALUES };
    const results: SourceResult[] = [];
    for (const [index, item] of items.entries()) {
      results.push(message(request, item, `/${form.list}/${index}`, form, budget));
      yield;
    }
    return joined(results);
  }),
};

/** Names differ between the two forms in their capitals only. */
interface Form {
  readonly list: 'Records' | 'Messages';
  readonly id: string;
  readonly body: string;
  readonly attributes: string;
  readonly secret: string;
  readonly isMessage: (item: unknown) => boolean;
}

const RECORDS: Form = {
  list: 'Records',
  id: 'messageId',
  body: 'body',
  attributes: 'attributes',
  secret: 'receiptHandle',
  isMessage: (item) => isObject(item) && item['eventSource'] === 'aws:sqs',
};
const MESSAGES: Form = {
  list: 'Messages',
  id: 'MessageId',
  body: 'Body',
  attributes: 'Attributes',
  secret: 'ReceiptHandle',
  isMessage: (item) => isObject(item) && 'MessageId' in item && 'ReceiptHandle' in item && 'Body' in item,
};

function listOf(body: unknown): { readonly items: readonly unknown[]; readonly form: Form } | null {
  const form = isObject(body) && 'Messages' in body ? MESSAGES : RECORDS;
  const items: unknown = isObject(body) ? body[form.list] : null;
  return Array.isArray(items) ? { items, form } : null;
}

/** `budget`: what all bodies together may hold; beyond it they are texts. */
function message(request: SourceRequest, item: unknown, place: string, form: Form, budget: JsonBudget): SourceResult {
  if (!isObject(item)) return readItems([item], () => refuseItem('not-an-object', place, 'expected a message'));
  const body = item[form.body];
  const at = `${place}/${form.body}`;
  if (typeof body !== 'string')
    return readItems([item], () => refuseItem('missing-body', at, 'expected the text sent'));
  const raw = Buffer.from(body);
  const parsed = parseJson(raw, budget);
  const json = parsed.ok ? parsed.value : null;
  const inner: SourceRequest = {
    ...request,
    headers: {},
    contentType: 'application/json',
    body: json,
    raw,
    rawSha256: sha256Of(raw),
  };
  return (
    (isReadable(parsed) ? openCarried(inner, { place: at, delivery: deliveryOf(item, form) }) : null) ??
    readItems([item], () => plain(request, item, place, form, parsed.ok ? { json } : {}))
  );
}

function deliveryOf(item: Json, form: Form): Alert['delivery'] {
  const attributes = isObject(item[form.attributes]) ? (item[form.attributes] as Json) : {};
  const attempt = Number(textOf(attributes['ApproximateReceiveCount']) ?? Number.NaN);
  return { id: textOf(item[form.id]), attempt: countOf(attempt) };
}

function plain(request: SourceRequest, item: Json, place: string, form: Form, content: object): AlertResult {
  const id = textOf(item[form.id]);
  if (id === null) return refuseItem('missing-identity', `${place}/${form.id}`, 'expected the id of the message');
  const attributes = isObject(item[form.attributes]) ? (item[form.attributes] as Json) : {};
  const queue = textOf(item['eventSourceARN']);
  // Who holds the receipt handle can delete the message.
  const { [form.secret]: _secret, ...kept } = item;
  return plainEvent(request, {
    name: 'aws.sqs.message',
    identity: [queue, id],
    occurred: epochAt(attributes['SentTimestamp'], `${place}/${form.attributes}/SentTimestamp`, epochMillis),
    subject: queue ?? id,
    data: { ...kept, ...content },
  });
}

/** One after another; every event and every rejection of a message counts as an item of its own. */
function joined(results: readonly SourceResult[]): SourceResult {
  const events: CloudEvent[] = [];
  const rejected: Rejection[] = [];
  for (const result of results) {
    const before = events.length + rejected.length;
    events.push(...result.events);
    rejected.push(...result.rejected.map((each) => ({ ...each, index: before + (each.index ?? 0) })));
  }
  return { events, rejected };
}
