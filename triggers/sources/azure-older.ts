/**
 * Alert shapes of Azure Monitor from before the common schema: metric alerts (`AzureMonitorMetricAlert` and the classic one without a
 * schema) and activity log alerts. All carry a `status` and a `context`.
 */
import type { Alert, AlertStatus } from '../events/alert.ts';
import { type AlertResult, alertEvent } from '../events/alert-event.ts';
import { dimensionsOfCriteria } from './azure-dimensions.ts';
import { announcement, azureHealth, subscriptionOf, wordIn } from './azure-health.ts';
import { azureLocation } from './azure-resource.ts';
import { azureSeverity } from './azure-severity.ts';
import { labelsFrom } from './label-facts.ts';
import { type Json, idOf, isObject, located, scalarsOf, textAt, textOf } from './read.ts';
import { refuseItem } from './refuse.ts';
import type { SourceRequest } from './source.ts';

export interface OlderShape {
  readonly kind: 'metric' | 'activity-log';
  /** The object that holds `status` and `context`. */
  readonly holder: Json;
  readonly context: Json;
  /** JSON Pointers of the two. */
  readonly place: string;
  readonly contextPlace: string;
}

/** Null when it is none of them. */
export function olderShape(body: Json): OlderShape | null {
  const schema = textOf(body['schemaId'])?.toLowerCase() ?? null;
  const holder = schema === null ? body : body['data'];
  if (!isObject(holder) || !isObject(holder['context'])) return null;
  const context = holder['context'];
  const place = schema === null ? '' : '/data';
  if (isObject(context['activityLog']) && (schema === null || schema === 'microsoft.insights/activitylogs'))
    return {
      kind: 'activity-log',
      holder,
      context: context['activityLog'],
      place,
      contextPlace: `${place}/context/activityLog`,
    };
  const isMetric =
    schema === 'azuremonitormetricalert' ||
    (schema === null && 'conditionType' in context && ('resourceId' in context || 'subscriptionId' in context));
  return isMetric ? { kind: 'metric', holder, context, place, contextPlace: `${place}/context` } : null;
}

const STATES: Readonly<Record<string, AlertStatus>> = {
  activated: 'firing',
  deactivated: 'resolved',
  resolved: 'resolved',
};

export function olderAlert(request: SourceRequest, shape: OlderShape): AlertResult {
  const { holder, context, place, contextPlace } = shape;
  const statusText = textOf(holder['status']);
  if (statusText === null)
    return refuseItem('missing-status', `${place}/status`, 'expected "Activated", "Deactivated" or "Resolved"');
  const properties = isObject(context['properties']) ? context['properties'] : {};
  const told = announcement(request, textOf(context['eventSource']), properties, {
    occurred: textAt(context['eventTimestamp'], `${contextPlace}/eventTimestamp`),
    entry: textOf(context['eventDataId']),
    data: holder,
  });
  if (told !== null) return told;
  const health = azureHealth(
    textOf(context['eventSource']),
    properties,
    textOf(context['resourceId']),
    textOf(context['subscriptionId']) ?? subscriptionOf(textOf(context['resourceId'])),
  );
  const key = health?.key ?? (shape.kind === 'metric' ? metricKey(context) : activityKey(context));
  if (key === null)
    return refuseItem(
      'missing-identity',
      `${contextPlace}/${shape.kind === 'metric' ? 'id' : 'eventDataId'}`,
      'expected the id of the alert',
    );
  const status = health?.status ?? wordIn(STATES, statusText);
  const field = shape.kind === 'metric' ? 'timestamp' : 'eventTimestamp';
  const time = textAt(context[field], `${contextPlace}/${field}`);
  const severity = idOf(context['severity']) ?? textOf(context['level']);
  const name = textOf(context['name']) ?? textOf(context['operationName']);
  return alertEvent(request, {
    key,
    status,
    statusText: health?.statusText ?? statusText,
    name,
    severity,
    severityWord: azureSeverity(severity),
    started: status === 'firing' ? time : null,
    ended: time,
    occurred: time,
    title: textOf(properties['title']) ?? name,
    description: textOf(context['description']),
    labels: { ...labelsFrom(dimensionsOfCriteria(context)), ...scalarsOf(holder['properties']) },
    resource: resourceOf(context),
    location: locationOf(context, contextPlace.slice(1).replaceAll('/', '.')),
    links: { source: textOf(context['portalLink']), runbook: null, dashboard: null },
  });
}

/**
 * The rule, the resource it looks at, and the dimensions that one rule may split into. Rules of before 2017 could look at the activity log
 * in this shape: each entry is one alert.
 */
function metricKey(context: Json): string | null {
  if (isObject(context['event'])) return activityKey(context['event']);
  const id = textOf(context['id'])?.toLowerCase();
  if (id === undefined) return null;
  const dimensions = dimensionsOfCriteria(context).map((pair) => pair.join('='));
  const resource = textOf(context['resourceId'])?.toLowerCase();
  return [id, ...(resource === undefined ? [] : [resource]), ...dimensions.toSorted()].join(':');
}

/** An activity log alert is one entry of that log and never resolves. */
function activityKey(context: Json): string | null {
  const entry = textOf(context['eventDataId']) ?? textOf(context['correlationId']);
  return entry === null ? null : `activity-log:${entry}`;
}

function resourceOf(context: Json): Alert['resource'] {
  const [kind, id, name] = ['resourceType', 'resourceId', 'resourceName'].map((field) => textOf(context[field]));
  if ((id ?? name ?? null) === null) return null;
  return { kind: kind?.toLowerCase() ?? null, id: id ?? null, name: name ?? null };
}

const locationOf = (context: Json, from: string): Partial<Alert['location']> => {
  const { properties } = context;
  const { cloud, account } = azureLocation([
    [textOf(context['resourceId']), `${from}.resourceId`],
    [textOf(context['id']), `${from}.id`],
  ]);
  return {
    cloud,
    account: located(context['subscriptionId'], `${from}.subscriptionId`) ?? account,
    region:
      located(context['resourceRegion'], `${from}.resourceRegion`) ??
      located(isObject(properties) ? properties['region'] : null, `${from}.properties.region`),
  };
};
