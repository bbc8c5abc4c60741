/**
 * What a connector of Zabbix streams (6.4 and later): a problem or its end on each line, no script between. Format: zabbix.com/documentation,
 * "Newline-delimited JSON export protocol".
 */
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { epochSeconds } from '../events/epoch.ts';
import type { Line } from './json-lines.ts';
import { labelsFrom, locationOfLabels } from './label-facts.ts';
import { type Json, epochAt, idOf, isObject, textOf } from './read.ts';
import { refuseItem } from './refuse.ts';
import type { SourceRequest } from './source.ts';
import { severityWord } from './zabbix-severity.ts';
import { tagsOf } from './zabbix-tags.ts';

/** Values of items, which another connector streams, have an `itemid`. */
export const isStreamed = (value: unknown): boolean =>
  isObject(value) &&
  'clock' in value &&
  'ns' in value &&
  'eventid' in value &&
  !('itemid' in value) &&
  ('p_eventid' in value || Array.isArray(value['hosts']));

export function streamedEvent(request: SourceRequest, { value, place, problem }: Line): AlertResult {
  if (problem !== null) return refuseItem(problem, place, 'expected one JSON object on this line');
  if (!isObject(value)) return refuseItem('not-an-object', place, 'expected an event as an object');
  if (!isStreamed(value)) return refuseItem('not-an-event', place, 'expected a problem or its recovery, not a value');
  const event = idOf(value['eventid']);
  const state = idOf(value['value']);
  const problemId = state === '0' ? idOf(value['p_eventid']) : event;
  if (event === null || problemId === null)
    return refuseItem('missing-identity', `${place}/eventid`, 'expected `eventid`, of a recovery also `p_eventid`');
  const at = timeOf(value, place);
  const severity = idOf(value['severity']);
  const tags = tagsOf(value['tags']);
  const hosts = namesIn(value['hosts'], 'host');
  const groups = Array.isArray(value['groups']) ? value['groups'].filter((group) => textOf(group) !== null) : [];
  return alertEvent(request, {
    key: `event:${problemId}`,
    status: state === '1' ? 'firing' : state === '0' ? 'resolved' : 'unknown',
    statusText: state ?? '',
    occurrence: event,
    name: textOf(value['name']),
    severity,
    severityWord: severityWord(severity),
    started: state === '1' ? at : null,
    ended: at,
    occurred: at,
    title: textOf(value['name']),
    labels: {
      ...tags,
      ...labelsFrom([...hosts.map((host) => ['host', host] as const), ['host_group', groups.join(',') || null]]),
    },
    resource: hosts[0] === undefined ? null : { kind: 'host', id: null, name: hosts[0] },
    location: locationOfLabels(tags, 'tags.'),
  });
}

/** Seconds, and the nanoseconds to add to them. */
function timeOf(value: Json, place: string): TextAt | null {
  const [seconds, nanoseconds] = [idOf(value['clock']), idOf(value['ns']) ?? '0'];
  const written = seconds === null ? value['clock'] : `${seconds}.${nanoseconds.padStart(9, '0')}`;
  return epochAt(written, `${place}/clock`, epochSeconds);
}

const namesIn = (list: unknown, field: string): readonly string[] =>
  (Array.isArray(list) ? (list as readonly unknown[]) : [])
    .filter(isObject)
    .flatMap((each) => textOf(each[field]) ?? []);
