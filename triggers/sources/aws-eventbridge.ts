/**
 * Amazon EventBridge through an API destination. CloudWatch alarms and issues of AWS Health fire and resolve; everything else (an
 * instance's state, a lifecycle hook) is a plain event that keeps all of `detail`. Format: docs.aws.amazon.com eventbridge, "AWS service event metadata".
 */
import type { AlertResult } from '../events/alert-event.ts';
import { plainEvent } from '../events/plain-event.ts';
import { arnOf, dotted } from './aws-arn.ts';
import { healthIssue, isHealthIssue } from './aws-health.ts';
import { alarmAction, eventBridgeAlarm, isAlarmAction, isAlarmChange } from './cloudwatch.ts';
import { type Json, inSteps, isObject, itemSteps, located, textAt, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';

export const awsEventbridge: Source = {
  kind: 'aws-eventbridge',
  bodyOf: (contentType) =>
    contentType === 'application/json' || contentType === 'application/x-amz-json-1.1' ? 'json' : 'refused',
  recognises: ({ body }) =>
    isEventBridge(body) || isAlarmAction(body) || (Array.isArray(body) && body.some((each) => isEventBridge(each))),
  // What is left out has no number among the items.
  itemsAt: (body) => (Array.isArray(body) && !body.some(isQuiet) ? '' : null),
  ...inSteps(function* (request) {
    const { body } = request;
    // One event a request, or what a pipe or a queue has gathered.
    const items: readonly Item[] = Array.isArray(body)
      ? (body as readonly unknown[]).map((event, index) => ({ event, place: `/${index}` }))
      : [{ event: body, place: '' }];
    if (!Array.isArray(body) && !isObject(body))
      return refuseAll('not-eventbridge', '', 'expected an EventBridge event as a JSON object, or an array of them');
    const told = items.filter(({ event }) => !isQuiet(event));
    return yield* itemSteps(told, (item) => {
      const { event, place } = item as Item;
      if (!isObject(event)) return refuseItem('not-an-object', place, 'expected an EventBridge event');
      return isAlarmAction(event) ? alarmAction(request, event, place) : eventBridgeEvent(request, event, place);
    });
  }),
};

interface Item {
  readonly event: unknown;
  /** JSON Pointer. */
  readonly place: string;
}

/** An alarm was created, edited or deleted: nothing became sick or well. */
const isQuiet = (event: unknown): boolean => isObject(event) && isConfigurationChange(event);

/** AWS's own samples leave `version` out at times. Scheduler writes the object of its `detail` as a text. */
export const isEventBridge = (value: unknown): value is Json =>
  isObject(value) &&
  !('specversion' in value) &&
  textOf(value['detail-type']) !== null &&
  textOf(value['source']) !== null &&
  (isObject(value['detail']) || (value['source'] === 'aws.scheduler' && typeof value['detail'] === 'string'));

export const isConfigurationChange = (event: Json): boolean =>
  event['source'] === 'aws.cloudwatch' && event['detail-type'] === 'CloudWatch Alarm Configuration Change';

/** `place`: JSON Pointer of the event, which may stand inside another message. */
export function eventBridgeEvent(request: SourceRequest, event: Json, place: string): AlertResult {
  const type = textOf(event['detail-type']);
  if (type === null) return refuseItem('missing-type', `${place}/detail-type`, 'expected the type of the event');
  const source = textOf(event['source']);
  if (source === null) return refuseItem('missing-type', `${place}/source`, 'expected the source of the event');
  if (isAlarmChange(event)) return eventBridgeAlarm(request, event, place);
  if (isHealthIssue(event)) return healthIssue(request, event, place);
  const id = textOf(event['id']);
  if (id === null) return refuseItem('missing-identity', `${place}/id`, 'expected the id of the event');
  const resource = resourceOf(event);
  return plainEvent(request, {
    name: nameOf(source, type),
    identity: [id],
    occurred: textAt(event['time'], `${place}/time`),
    ...severityOf(event),
    subject: resource?.id ?? null,
    data: { ...event, resource, location: locationOf(event, source, place) },
  });
}

/** `aws.ec2` and "EC2 Instance State-change Notification" become `aws.ec2.instance-state-change-notification`. */
function nameOf(source: string, type: string): string {
  const product = source.startsWith('aws.') ? source : `eventbridge.${source}`;
  let words = slug(type).split('-');
  for (const said of product.split('.').slice(0, 2)) if (words.length > 1 && words[0] === said) words = words.slice(1);
  const from = product
    .split('.')
    .map(slug)
    .filter((part) => part !== '');
  return [...from, words.join('-') || 'event'].join('.').slice(0, 120);
}

const slug = (text: string): string =>
  text
    .slice(0, 120)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/** Only what the services that look for faults have found has one. GuardDuty counts from 1 to 10. */
function severityOf({ source, detail }: Json): {
  readonly severity: string | null;
  readonly severityWord: string | null;
} {
  const find = SEVERITIES.get(source);
  const given = find !== undefined && isObject(detail) ? find(detail) : null;
  if (typeof given !== 'number') return { severity: textOf(given), severityWord: null };
  const isCounted = source === 'aws.guardduty' && given >= 1 && given <= 10;
  const word = given < 4 ? 'low' : given < 7 ? 'medium' : given < 9 ? 'high' : 'critical';
  return { severity: String(given), severityWord: isCounted ? word : null };
}

/** Where a finding says its severity, by the service that found it. */
const SEVERITIES: ReadonlyMap<unknown, (detail: Json) => unknown> = new Map([
  ['aws.devops-guru', (detail: Json) => detail['insightSeverity']],
  ['aws.guardduty', (detail: Json) => detail['severity']],
  ['aws.inspector', (detail: Json) => detail['severity']],
  ['aws.inspector2', (detail: Json) => detail['severity']],
  ['aws.macie', ({ severity }: Json) => (isObject(severity) ? severity['description'] : null)],
  ['aws.securityhub', labelOfFinding],
]);

/** Security Hub sends one finding an event; several have no severity in common. */
function labelOfFinding({ findings }: Json): unknown {
  const finding: unknown = Array.isArray(findings) && findings.length === 1 ? findings[0] : null;
  const severity = isObject(finding) ? finding['Severity'] : null;
  return isObject(severity) ? severity['Label'] : null;
}

const INSTANCE = ['instance-id', 'EC2InstanceId', 'instanceId'];

/** The instance where `detail` names one, else the only resource. AWS's own samples have blanks around ids. */
function resourceOf(event: Json): { readonly kind: string | null; readonly id: string } | null {
  const detail = isObject(event['detail']) ? event['detail'] : {};
  for (const field of INSTANCE) {
    const id = textOf(detail[field])?.trim();
    if (id) return { kind: 'instance', id };
  }
  const resources: readonly unknown[] = Array.isArray(event['resources']) ? event['resources'] : [];
  const id = resources.length === 1 ? textOf(resources[0])?.trim() : undefined;
  return id ? { kind: arnOf(id)?.service ?? null, id } : null;
}

/** The name in `arn:aws:ecs:eu-west-1:111122223333:cluster/shop`. */
const clusterOf = (arn: unknown): string | null => /^cluster\/(.+)$/s.exec(arnOf(arn)?.resource ?? '')?.[1] ?? null;

/** Trusted Advisor runs in one region and speaks of resources in another. */
function locationOf(event: Json, source: string, place: string) {
  const detail = isObject(event['detail']) ? event['detail'] : {};
  const item = isObject(detail['check-item-detail']) ? detail['check-item-detail'] : {};
  const details = isObject(detail['Details']) ? detail['Details'] : {};
  const at = (path: string): string => dotted(`${place}/${path}`);
  const region =
    source === 'aws.trustedadvisor'
      ? located(item['Region'], at('detail/check-item-detail/Region'))
      : located(event['region'], at('region'));
  return {
    cloud: source.startsWith('aws.') ? { value: 'aws', from: at('source') } : null,
    account: located(event['account'], at('account')),
    region,
    zone:
      located(details['Availability Zone'], at('detail/Details/Availability Zone')) ??
      located(detail['availabilityZone'], at('detail/availabilityZone')),
    cluster: located(clusterOf(detail['clusterArn']), at('detail/clusterArn')),
  };
}
