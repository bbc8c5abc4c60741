/**
 * Kubernetes Events (core/v1 and events.k8s.io/v1): one object, a list, a watch envelope, or one of these a line. The same object is
 * updated in place, so its uid, count and last time make the occurrence; nothing in it ever resolves, so it is a plain event.
 * Format: kubernetes/api core/v1 and events/v1 types.go.
 */
import type { AlertResult, TextAt } from '../events/alert-event.ts';
import { plainEvent } from '../events/plain-event.ts';
import { jsonLines, lineSteps } from './json-lines.ts';
import { type Json, countOf, inSteps, isObject, itemSteps, located, textAt, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';

const LINES = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/json-seq']);

export const kubernetes: Source = {
  kind: 'kubernetes',
  bodyOf: (contentType, headers) => {
    if (contentType !== null && LINES.has(contentType)) return 'bytes';
    if (contentType !== 'application/json') return 'refused';
    // What `kubectl get --watch` and the API server send: `application/json;stream=watch`, one object a line.
    return /;\s*stream=watch/i.test(headers['content-type'] ?? '') ? 'bytes' : 'json';
  },
  recognises: ({ body, raw }) => (body === null ? jsonLines(raw).some(({ value }) => isOurs(value)) : isOurs(body)),
  readsLines: true,
  itemsAt: (body) => (isObject(body) && isList(body) ? '/items' : null),
  ...inSteps(function* (request) {
    const found: readonly Item[] =
      request.body === null ? yield* lineSteps(request.raw) : [{ value: request.body, place: '', problem: null }];
    if (found.length === 0) return refuseAll('empty-body', '', 'expected a Kubernetes Event');
    const items = found.flatMap(unpack).filter((item) => !isQuiet(item));
    return yield* itemSteps(items, (item) => toEvent(request, item as Item));
  }),
};

interface Item {
  readonly value: unknown;
  /** JSON Pointer; of JSON lines the first token is the line, counted from 0. */
  readonly place: string;
  /** Why a line could not be read. */
  readonly problem: string | null;
  /** Type of the watch envelope it came in. */
  readonly change?: string;
}

const isWatch = (value: unknown): value is Json =>
  isObject(value) && typeof value['type'] === 'string' && isObject(value['object']) && !('kind' in value);

const isList = (value: Json): boolean =>
  Array.isArray(value['items']) && textOf(value['kind'])?.endsWith('List') === true;

/**
 * Kubernetes objects say so by `kind` and `apiVersion`. Exporters that post bare Events leave these two out; what has no name either (a
 * notification of Flux) is no object of Kubernetes.
 */
function isOurs(value: unknown): boolean {
  if (isWatch(value)) return isOurs(value['object']);
  if (!isObject(value)) return false;
  if (isList(value)) return typeof value['apiVersion'] === 'string';
  const { metadata } = value;
  if (!isObject(metadata)) return false;
  if (typeof value['kind'] === 'string' && typeof value['apiVersion'] === 'string') return true;
  const isNamed = textOf(metadata['uid']) !== null || textOf(metadata['name']) !== null;
  return (
    isNamed && textOf(value['reason']) !== null && (isObject(value['involvedObject']) || isObject(value['regarding']))
  );
}

/** Watch envelopes and lists become their objects. */
function unpack(item: Item): readonly Item[] {
  const { value, place } = item;
  if (isWatch(value))
    return unpack({ value: value['object'], place: `${place}/object`, problem: null, change: String(value['type']) });
  if (!isObject(value) || !isList(value)) return [item];
  // Items of an EventList do not repeat its kind and version; audit records and others have lists of this name as well.
  const kind = value['kind'] === 'EventList' ? { kind: 'Event', apiVersion: value['apiVersion'] } : {};
  return (value['items'] as readonly unknown[]).map((each, index) => ({
    ...item,
    value: isObject(each) ? { ...kind, ...each } : each,
    place: `${place}/items/${index}`,
  }));
}

/** A bookmark carries no Event, and a deletion only says that the record of an old one ran out. */
const isQuiet = ({ change, problem }: Item): boolean =>
  problem === null && (change === 'BOOKMARK' || change === 'DELETED');

function toEvent(request: SourceRequest, { value, place, problem, change }: Item): AlertResult {
  if (problem !== null) return refuseItem(problem, place, 'expected one Kubernetes Event as JSON on each line');
  if (!isObject(value)) return refuseItem('not-an-object', place, 'expected a Kubernetes Event');
  if (change === 'ERROR')
    return refuseItem('watch-error', place, textOf(value['message']) ?? 'the watch ended with an error');
  const kind = value['kind'] ?? ('involvedObject' in value || 'regarding' in value ? 'Event' : undefined);
  if (kind !== 'Event')
    return refuseItem('not-an-event', `${place}/kind`, `expected kind Event, not ${JSON.stringify(kind) ?? 'none'}`);
  const version = textOf(value['apiVersion']) ?? 'v1';
  if (version !== 'v1' && !version.startsWith('events.k8s.io/'))
    return refuseItem(
      'not-an-event',
      `${place}/apiVersion`,
      `expected v1 or events.k8s.io, not ${version.slice(0, 60)}`,
    );
  const metadata = isObject(value['metadata']) ? value['metadata'] : {};
  const uid = textOf(metadata['uid']);
  const name = textOf(metadata['name']);
  if (uid === null && name === null)
    return refuseItem('missing-identity', `${place}/metadata/uid`, 'expected the uid or the name of the Event');
  // Optional, and new values may come: only what is said is a severity.
  const type = textOf(value['type']);
  const series = isObject(value['series']) ? value['series'] : {};
  const count = countOf(series['count']) ?? countOf(value['count']) ?? countOf(value['deprecatedCount']);
  const occurred = lastTime(value, series, place);
  const regarding = [value['regarding'], value['involvedObject']].find(isObject) ?? null;
  return plainEvent(request, {
    name: 'kubernetes.event',
    identity: [uid ?? [metadata['namespace'] ?? null, name], count, occurred?.text ?? null],
    occurred,
    severity: type,
    subject: subjectOf(regarding),
    data: { type, count, regarding, ...detailsOf(value, metadata), object: value },
  });
}

/** The two formats name the same facts differently; triggers see one. */
const detailsOf = (value: Json, metadata: Json): Json => {
  const source = [value['source'], value['deprecatedSource']].find(isObject) ?? {};
  return {
    reason: textOf(value['reason']),
    message: textOf(value['message']) ?? textOf(value['note']),
    action: textOf(value['action']),
    uid: textOf(metadata['uid']),
    name: textOf(metadata['name']),
    namespace: textOf(metadata['namespace']),
    controller:
      textOf(value['reportingController']) ?? textOf(value['reportingComponent']) ?? textOf(source['component']),
    host: textOf(source['host']),
    location: { cluster: located(value['clusterName'], 'clusterName') },
  };
};

/** The later of the two ways to write "last seen"; an Event seen once may have only `eventTime`. */
function lastTime(value: Json, series: Json, place: string): TextAt | null {
  const last = timeAt(value, 'lastTimestamp', place) ?? timeAt(value, 'deprecatedLastTimestamp', place);
  const observed = timeAt(series, 'lastObservedTime', `${place}/series`);
  if (last !== null && observed !== null) return Date.parse(observed.text) > Date.parse(last.text) ? observed : last;
  return (
    last ??
    observed ??
    timeAt(value, 'eventTime', place) ??
    timeAt(value, 'firstTimestamp', place) ??
    timeAt(value, 'deprecatedFirstTimestamp', place) ??
    timeAt(isObject(value['metadata']) ? value['metadata'] : {}, 'creationTimestamp', `${place}/metadata`)
  );
}

/** Go writes the zero time for "not set" in some versions, null in others. */
function timeAt(value: Json, field: string, place: string): TextAt | null {
  const found = textAt(value[field], `${place}/${field}`);
  return found === null || found.text.startsWith('0001-01-01T00:00:00') ? null : found;
}

function subjectOf(regarding: Json | null): string | null {
  const parts = ['kind', 'namespace', 'name'].map((field) => textOf(regarding?.[field]));
  return parts.some((part) => part !== null) ? parts.filter((part) => part !== null).join('/') : null;
}
