/**
 * Alarms of Amazon CloudWatch in the two forms they are sent in: inside an SNS message and inside an EventBridge event. Both agree on
 * the key (the alarm's ARN). Format: docs.aws.amazon.com AmazonCloudWatch, "Alarm events and EventBridge" and "Notify users".
 */
import type { Alert, AlertStatus } from '../events/alert.ts';
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { arnOf, dotted, placeOfArn, regionCode } from './aws-arn.ts';
import { labelsFrom } from './label-facts.ts';
import { type Json, firstLabel, isObject, located, scalarsOf, textAt, textOf } from './read.ts';
import { refuseItem } from './refuse.ts';
import type { SourceRequest } from './source.ts';

type Labels = Readonly<Record<string, string>>;

/** What both forms say, wherever they keep it. */
interface Alarm {
  readonly arn: TextAt | null;
  /** JSON Pointer of the ARN, and of the state: for rejections. */
  readonly arnPlace: string;
  readonly name: string | null;
  readonly account: TextAt | null;
  /** Code of the region, or a name that holds it (the topic's ARN), or else its display name. */
  readonly region: TextAt | null;
  readonly state: string | null;
  readonly statePlace: string;
  readonly suppressedBy: string | null;
  /** One of the time series that the alarm looks at, where the message is about that alone. */
  readonly contributor: Contributor | null;
  /** When the state changed; of an SNS message without it, when the message was sent. */
  readonly changed: TextAt | null;
  readonly reason: string | null;
  readonly description: string | null;
  readonly metric: { readonly labels: Labels; readonly dimensions: Labels };
  readonly deliveryId: string | null;
}

interface Contributor {
  readonly id: string | null;
  /** JSON Pointer of the id, for rejections. */
  readonly place: string;
  readonly attributes: Labels;
}

const STATES: Readonly<Record<string, AlertStatus>> = {
  ALARM: 'firing',
  OK: 'resolved',
  // Neither sick nor well.
  INSUFFICIENT_DATA: 'unknown',
};

export function alarmEvent(request: SourceRequest, alarm: Alarm): AlertResult {
  const { state, name, changed } = alarm;
  const key = keyOf(alarm);
  if (key === null) return refuseItem('missing-identity', alarm.arnPlace, 'expected the ARN, or account and name');
  if (alarm.contributor !== null && alarm.contributor.id === null)
    return refuseItem('missing-identity', alarm.contributor.place, 'expected the id of the contributor');
  if (state === null)
    return refuseItem('missing-status', alarm.statePlace, `expected one of "${Object.keys(STATES).join('", "')}"`);
  const written = Object.hasOwn(STATES, state) ? (STATES[state] ?? 'unknown') : 'unknown';
  // The alarm's own actions are held back, by its suppressor or a mute rule; when it is over, it is over all the same.
  const suppressed = written === 'firing' && alarm.suppressedBy !== null;
  const status = suppressed ? 'suppressed' : written;
  const { labels } = alarm.metric;
  const dimensions = { ...alarm.metric.dimensions, ...alarm.contributor?.attributes };
  return alertEvent(request, {
    key,
    status,
    statusText: state,
    name,
    started: status === 'firing' ? changed : null,
    ended: status === 'resolved' ? changed : null,
    occurred: changed,
    title: name,
    description: alarm.description ?? alarm.reason,
    labels: { ...dimensions, ...labels },
    annotations: labelsFrom([
      ['reason', alarm.reason],
      ['description', alarm.description],
      ['suppressedBy', alarm.suppressedBy],
    ]),
    resource: resourceOf(dimensions),
    location: placeOf(alarm),
    delivery: { id: alarm.deliveryId, attempt: null },
  });
}

/** Each contributor is sick for itself, beside the alarm as a whole. */
function keyOf(alarm: Alarm): string | null {
  const arn = arnOfAlarm(alarm);
  return arn === null || !alarm.contributor?.id ? arn : `${arn}:contributor:${alarm.contributor.id}`;
}

/** An alarm without ARN gets the one that CloudWatch would write, so that it is one alarm with and without. */
function arnOfAlarm({ arn, name, account, region }: Alarm): string | null {
  if (arn !== null) return arn.text;
  if (name === null || account === null) return null;
  const topic = arnOf(region?.text);
  const where = topic?.region ?? region?.text ?? '';
  return `arn:${topic?.partition ?? 'aws'}:cloudwatch:${where}:${account.text}:alarm:${name}`;
}

function placeOf({ arn, account, region, metric }: Alarm): Partial<Alert['location']> {
  const fromArn = placeOfArn(arn?.text, dotted(arn?.place ?? '/'));
  const path = dotted(region?.place ?? '/');
  const fromTopic = placeOfArn(region?.text, path);
  return {
    cloud: fromArn.cloud ?? fromTopic.cloud,
    account: account === null ? fromArn.account : located(account.text, dotted(account.place)),
    region: fromArn.region ?? fromTopic.region ?? located(regionCode(region?.text), path),
    zone: firstLabel(metric.dimensions, ['AvailabilityZone'], 'dimensions.'),
    cluster: firstLabel(metric.dimensions, ['ClusterName'], 'dimensions.'),
  };
}

/** The instance, or the one thing that the metric is about; of several none is more the resource than the others. */
function resourceOf(dimensions: Labels): Alert['resource'] {
  const names = Object.keys(dimensions);
  const kind = names.includes('InstanceId') ? 'InstanceId' : names.length === 1 ? names[0] : undefined;
  const id = kind === undefined ? null : textOf(dimensions[kind]);
  return kind === undefined || id === null ? null : { kind, id, name: null };
}

export const isSnsAlarm = (message: unknown): message is Json =>
  isObject(message) &&
  textOf(message['AlarmName']) !== null &&
  ('NewStateValue' in message || 'AWSAccountId' in message);

/** `topic`: where the message came from; alarms notify topics of their own region only. `sent`: when. */
export function snsAlarm(
  request: SourceRequest,
  message: Json,
  place: string,
  envelope: { readonly topic: TextAt | null; readonly sent: TextAt | null; readonly messageId: string | null },
): AlertResult {
  const trigger = isObject(message['Trigger']) ? message['Trigger'] : {};
  const metrics: readonly unknown[] = Array.isArray(trigger['Metrics']) ? trigger['Metrics'] : [];
  return alarmEvent(request, {
    arn: textAt(message['AlarmArn'], `${place}/AlarmArn`),
    arnPlace: `${place}/AlarmArn`,
    name: textOf(message['AlarmName']),
    account: textAt(message['AWSAccountId'], `${place}/AWSAccountId`),
    region: envelope.topic ?? textAt(message['Region'], `${place}/Region`),
    state: textOf(message['NewStateValue']),
    statePlace: `${place}/NewStateValue`,
    suppressedBy: textOf(message['ActionsSuppressedBy']),
    contributor: contributorOf(
      message['AlarmContributorId'],
      `${place}/AlarmContributorId`,
      message['AlarmContributorAttributes'],
    ),
    changed: textAt(message['StateChangeTime'], `${place}/StateChangeTime`) ?? envelope.sent,
    reason: textOf(message['NewStateReason']),
    description: textOf(message['AlarmDescription']),
    metric: metricOf([trigger, ...metrics.map(statOf)], 'MetricName', 'Namespace', 'Dimensions', message['AlarmRule']),
    deliveryId: envelope.messageId,
  });
}

/** `place`: JSON Pointer of the id. */
const contributorOf = (id: unknown, place: string, attributes: unknown): Contributor | null =>
  (id ?? null) === null && !isObject(attributes)
    ? null
    : { id: textOf(id), place, attributes: labelsFrom(Object.entries(scalarsOf(attributes))) };

/** Of a computed metric each part may be a metric of its own, or only an expression. */
const statOf = (metric: unknown): Json => {
  const stat = isObject(metric) ? (metric['MetricStat'] ?? metric['metricStat']) : null;
  const inner = isObject(stat) ? (stat['Metric'] ?? stat['metric']) : null;
  return isObject(inner) ? inner : {};
};

/** Of the alarm as a whole, and of one of the time series it looks at. */
const STATE_CHANGES = new Set(['CloudWatch Alarm State Change', 'CloudWatch Alarm Contributor State Change']);

export const isAlarmChange = (event: Json): boolean =>
  event['source'] === 'aws.cloudwatch' && STATE_CHANGES.has(textOf(event['detail-type']) ?? '');

export function eventBridgeAlarm(request: SourceRequest, event: Json, place: string): AlertResult {
  const detail = isObject(event['detail']) ? event['detail'] : {};
  const resources: readonly unknown[] = Array.isArray(event['resources']) ? event['resources'] : [];
  const index = resources.findIndex((each) => arnOf(each)?.resource.startsWith('alarm:') === true);
  const facts = factsOf(detail, `${place}/detail`);
  // An action that is carried out may speak of a mute rule too, whose window is over then: only here it holds back.
  const mute = isObject(detail['muteDetail']) ? detail['muteDetail'] : {};
  return alarmEvent(request, {
    ...facts,
    suppressedBy: facts.suppressedBy ?? textOf(mute['mutedByArn']),
    arn: textAt(resources[index], `${place}/resources/${index}`),
    arnPlace: `${place}/resources`,
    account: textAt(event['account'], `${place}/account`),
    region: textAt(event['region'], `${place}/region`),
    changed: facts.changed ?? textAt(event['time'], `${place}/time`),
    deliveryId: textOf(event['id']),
  });
}

/** What an alarm hands to a Lambda function that is its action: the same facts, in an envelope of its own. */
export const isAlarmAction = (body: unknown): body is Json =>
  isObject(body) &&
  body['source'] === 'aws.cloudwatch' &&
  isObject(body['alarmData']) &&
  textOf(body['alarmArn']) !== null;

export function alarmAction(request: SourceRequest, body: Json, place: string): AlertResult {
  const facts = factsOf(isObject(body['alarmData']) ? body['alarmData'] : {}, `${place}/alarmData`);
  return alarmEvent(request, {
    ...facts,
    arn: textAt(body['alarmArn'], `${place}/alarmArn`),
    arnPlace: `${place}/alarmArn`,
    account: textAt(body['accountId'], `${place}/accountId`),
    region: textAt(body['region'], `${place}/region`),
    changed: facts.changed ?? textAt(body['time'], `${place}/time`),
    deliveryId: null,
  });
}

/** `place`: JSON Pointer of the object that describes the alarm. */
function factsOf(detail: Json, place: string) {
  const state = isObject(detail['state']) ? detail['state'] : {};
  const configuration = isObject(detail['configuration']) ? detail['configuration'] : {};
  const metrics: readonly unknown[] = Array.isArray(configuration['metrics']) ? configuration['metrics'] : [];
  const contributor = isObject(detail['alarmContributor']) ? detail['alarmContributor'] : {};
  return {
    name: textOf(detail['alarmName']),
    state: textOf(state['value']),
    statePlace: `${place}/state/value`,
    suppressedBy: textOf(state['actionsSuppressedBy']),
    contributor: contributorOf(contributor['id'], `${place}/alarmContributor/id`, contributor['attributes']),
    changed: textAt(state['timestamp'], `${place}/state/timestamp`),
    reason: textOf(state['reason']),
    description: textOf(configuration['description']),
    metric: metricOf(metrics.map(statOf), 'name', 'namespace', 'dimensions', configuration['alarmRule']),
  };
}

/** Dimensions are a list of names and values in SNS, an object in EventBridge. */
function metricOf(metrics: readonly Json[], name: string, namespace: string, dimensions: string, rule: unknown) {
  const first = metrics.find((metric) => textOf(metric[name]) !== null) ?? {};
  const pairs = metrics.slice(0, 100).flatMap((metric) => {
    const given = metric[dimensions];
    if (isObject(given)) return Object.entries(given).map(([key, value]) => [key, textOf(value)] as const);
    const list: readonly unknown[] = Array.isArray(given) ? given : [];
    return list.slice(0, 100).map((each) => {
      const pair = isObject(each) ? each : {};
      return [textOf(pair['name'] ?? pair['Name']), textOf(pair['value'] ?? pair['Value'])] as const;
    });
  });
  const distinct = new Map(pairs.map((pair) => [JSON.stringify(pair), pair]));
  const labels = labelsFrom([
    ['metric', textOf(first[name])],
    ['namespace', textOf(first[namespace])],
    ['rule', textOf(rule)],
  ]);
  return { labels, dimensions: labelsFrom(distinct.values()) };
}
