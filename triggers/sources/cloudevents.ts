/**
 * CloudEvents 1.0 over HTTP: structured, binary and batch mode. The sender's id is kept; an alert among them must say what an alert has
 * to say. Format: cloudevents/spec bindings/http-protocol-binding.md and formats/json-format.md.
 */
import { AlertSchema, type Alert } from '../events/alert.ts';
import { binaryEvent, isBinaryMode, isJsonType, withoutUnset } from '../events/binary-mode.ts';
import { compileCheck } from '../events/check.ts';
import { type CloudEvent, CloudEventSchema } from '../events/cloud-event.ts';
import { readInstant } from '../events/instant.ts';
import { inSteps, isObject, itemSteps } from './read.ts';
import { type Rejection, type Source, type SourceRequest, type SourceResult, latestOf } from './source.ts';

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const checkEnvelope = compileCheck(CloudEventSchema);
const checkAlert = compileCheck(AlertSchema);

export const cloudevents: Source = {
  kind: 'cloudevents',
  bodyOf: (contentType, headers) => {
    if (isBinaryMode(headers)) return contentType === null || isJsonType(contentType) ? 'json' : 'bytes';
    return contentType === STRUCTURED || contentType === BATCH ? 'json' : 'refused';
  },
  recognises: ({ body, headers, contentType }) =>
    isBinaryMode(headers) ||
    contentType === STRUCTURED ||
    contentType === BATCH ||
    [body].flat().some((item) => isObject(item) && 'specversion' in item),
  itemsAt: (body) => (Array.isArray(body) ? '' : null),
  ...inSteps(function* (request) {
    const items = itemsOf(request);
    if ('rejected' in items) return items;
    return yield* itemSteps(items, (given, index) => {
      const item = withoutUnset(given);
      const place = Array.isArray(request.body) && !isBinaryMode(request.headers) ? `/${index}` : '';
      const problem = problemOf(item, place, request);
      return problem === null
        ? { ok: true, event: completed(item as CloudEvent, request) }
        : { ok: false, rejection: problem };
    });
  }),
};

const refuse = (reason: string, place: string, message: string): SourceResult => ({
  events: [],
  rejected: [{ index: null, reason, place, message }],
});

function itemsOf(request: SourceRequest): readonly unknown[] | SourceResult {
  if (!isBinaryMode(request.headers)) {
    if (Array.isArray(request.body)) return request.body as readonly unknown[];
    return request.contentType === BATCH
      ? refuse('not-a-batch', '', 'expected an array of CloudEvents')
      : [request.body];
  }
  const event = binaryEvent(request.headers, request.raw);
  return event.ok ? [event.value] : refuse(event.reason, event.place, event.message);
}

/** When we received it is ours to say; an alert's envelope repeats what the alert says, because lanes go by it. */
function completed(event: CloudEvent, { receivedAt }: SourceRequest): CloudEvent {
  if (!event.type.startsWith('tocsin.alert.')) return { ...event, recordedtime: receivedAt };
  const { alertKey, severity } = event.data as Alert;
  const number = event.severitynumber ?? severity.number;
  return {
    ...event,
    partitionkey: alertKey,
    ...(number === null ? {} : { severitynumber: number }),
    recordedtime: receivedAt,
  };
}

type Problem = Omit<Rejection, 'index'>;

function problemOf(item: unknown, place: string, request: SourceRequest): Problem | null {
  const found = checkEnvelope(item)[0];
  if (found !== undefined) return { reason: 'not-a-cloudevent', place: place + found.place, message: found.message };
  const event = item as CloudEvent;
  if (event.data !== undefined && event.data_base64 !== undefined)
    return {
      reason: 'not-a-cloudevent',
      place: `${place}/data_base64`,
      message: 'expected either data or data_base64',
    };
  if (event.data_base64 !== undefined && !isBase64(event.data_base64))
    return { reason: 'bad-base64', place: `${place}/data_base64`, message: 'expected base64 text' };
  const time = event.time === undefined ? null : readInstant(event.time, latestOf(request));
  if (time !== null && !time.ok)
    return { reason: time.reason, place: `${place}/time`, message: `${event.time} is not acceptable` };
  return event.type.startsWith('tocsin.alert.') ? alertProblem(event, place) : null;
}

function alertProblem(event: CloudEvent, place: string): Problem | null {
  const found = checkAlert(event.data)[0];
  if (found !== undefined)
    return { reason: 'not-an-alert', place: `${place}/data${found.place}`, message: found.message };
  const alert = event.data as Alert;
  if (event.type !== `tocsin.alert.${alert.status}`)
    return {
      reason: 'status-mismatch',
      place: `${place}/data/status`,
      message: `${alert.status} does not fit type ${event.type}`,
    };
  if (event.partitionkey !== undefined && event.partitionkey !== alert.alertKey)
    return {
      reason: 'key-mismatch',
      place: `${place}/partitionkey`,
      message: 'expected the alert key of /data/alertKey',
    };
  return null;
}

const isBase64 = (text: string): boolean =>
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
