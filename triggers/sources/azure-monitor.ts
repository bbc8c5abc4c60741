/**
 * Azure Monitor action groups: the common alert schema, and the older shapes that rules without it still send. Service Health and Resource
 * Health say "Fired" for every message, so there the health itself counts. Format: MicrosoftDocs/azure-monitor-docs articles/alerts.
 */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, alertEvent } from '../events/alert-event.ts';
import { dimensionsIn, dimensionsOfCriteria } from './azure-dimensions.ts';
import { type AzureHealth, announcement, azureHealth, subscriptionOf, wordIn } from './azure-health.ts';
import { isLogAlert, logAlert } from './azure-log-alert.ts';
import { azureNotice, isNotice } from './azure-notice.ts';
import { olderAlert, olderShape } from './azure-older.ts';
import { azureLocation } from './azure-resource.ts';
import { searchLink } from './azure-search-link.ts';
import { azureSeverity } from './azure-severity.ts';
import { labelsFrom, locationOfLabels } from './label-facts.ts';
import { type Json, isObject, located, readItems, scalarsOf, textAt, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';

const COMMON = 'azuremonitorcommonalertschema';
const ESSENTIALS = '/data/essentials';

export const azureMonitor: Source = {
  kind: 'azure-monitor',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : 'refused'),
  recognises: ({ body }) =>
    isObject(body) && (isCommon(body) || isLogAlert(body) || isNotice(body) || olderShape(body) !== null),
  toEvents: (request) => {
    const { body } = request;
    if (!isObject(body)) return refuseAll('not-azure-monitor', '', 'expected an object with `schemaId` or `context`');
    return readItems([body], () => {
      if (isCommon(body)) return commonAlert(request, body);
      if (isLogAlert(body)) return logAlert(request, body);
      const notice = azureNotice(request, body);
      if (notice !== null) return notice;
      const older = olderShape(body);
      return older === null
        ? refuseItem('unknown-schema', '/schemaId', 'expected azureMonitorCommonAlertSchema or an older alert shape')
        : olderAlert(request, older);
    });
  },
};

const isCommon = (body: Json): boolean => textOf(body['schemaId'])?.toLowerCase() === COMMON;

const child = (value: Json, field: string): Json => (isObject(value[field]) ? value[field] : {});

function commonAlert(request: SourceRequest, body: Json): AlertResult {
  const data = child(body, 'data');
  if (!isObject(data['essentials'])) return refuseItem('missing-essentials', ESSENTIALS, 'expected the essentials');
  const essentials = data['essentials'];
  const context = child(data, 'alertContext');
  const properties = child(context, 'properties');
  const target = firstOf(essentials['alertTargetIDs']);
  const told = announcement(request, textOf(essentials['monitoringService']), properties, {
    occurred:
      textAt(context['eventTimestamp'], '/data/alertContext/eventTimestamp') ??
      textAt(essentials['firedDateTime'], `${ESSENTIALS}/firedDateTime`),
    entry: textOf(context['eventDataId']) ?? textOf(essentials['originAlertId']),
    data,
  });
  if (told !== null) return told;
  const health = azureHealth(
    textOf(essentials['monitoringService']),
    properties,
    target,
    subscriptionOf(target) ?? subscriptionOf(textOf(essentials['alertId'])),
  );
  const state = health ?? conditionOf(essentials);
  if (state === null)
    return refuseItem('missing-status', `${ESSENTIALS}/monitorCondition`, 'expected "Fired" or "Resolved"');
  const budget = child(context, 'AlertData');
  const key = health?.key ?? keyOf(essentials) ?? budgetKey(budget);
  if (key === null) return refuseItem('missing-identity', `${ESSENTIALS}/alertId`, 'expected the id of the alert');
  const name = textOf(essentials['alertRule']) ?? textOf(budget['BudgetName']);
  // Only rules for Prometheus have these.
  const [labels, annotations] = [scalarsOf(context['labels']), scalarsOf(context['annotations'])];
  const { region, zone, cluster } = locationOfLabels(labels, 'data.alertContext.labels.');
  return alertEvent(request, {
    key,
    status: state.status,
    statusText: state.statusText,
    name,
    severity: textOf(essentials['severity']),
    severityWord: azureSeverity(textOf(essentials['severity'])),
    started: textAt(essentials['firedDateTime'], `${ESSENTIALS}/firedDateTime`),
    ended: endOf(essentials, context, state.status),
    title: textOf(properties['title']) ?? textOf(annotations['summary']) ?? name,
    description: textOf(essentials['description']) ?? textOf(annotations['description']),
    labels: {
      ...labels,
      ...labelsFrom([...dimensionsOfCriteria(context), ...dimensionsIn(context['Dimensions'])]),
      // Of a metric or a query these are the rule's own, as `customProperties` are; of the activity log they describe the entry.
      ...('conditionType' in context ? scalarsOf(properties) : {}),
      ...scalarsOf(data['customProperties']),
      ...namedText(essentials, ['signalType', 'monitoringService']),
    },
    annotations,
    resource:
      target === null
        ? null
        : { kind: kindOf(target), id: target, name: firstOf(essentials['configurationItems']) ?? lastPart(target) },
    location: {
      ...azureLocation([
        [target, 'data.essentials.alertTargetIDs.0'],
        [textOf(essentials['alertId']), 'data.essentials.alertId'],
      ]),
      region:
        located(essentials['targetResourceRegion'], 'data.essentials.targetResourceRegion') ??
        located(context['resourceRegion'], 'data.alertContext.resourceRegion') ??
        located(properties['region'], 'data.alertContext.properties.region') ??
        region,
      zone,
      cluster,
    },
    links: { source: textOf(essentials['investigationLink']) ?? searchLink(context), runbook: null, dashboard: null },
  });
}

const CONDITIONS: Readonly<Record<string, AlertStatus>> = { fired: 'firing', resolved: 'resolved' };

/** Null when there is none: it is never guessed. */
function conditionOf(essentials: Json): Omit<AzureHealth, 'key'> | null {
  const condition = textOf(essentials['monitorCondition']);
  return condition === null ? null : { status: wordIn(CONDITIONS, condition), statusText: condition };
}

/** The alert instance, whose id Fired and Resolved share. Resource ids are the same in any case of letters. */
function keyOf(essentials: Json): string | null {
  const id = textOf(essentials['alertId'])?.toLowerCase() ?? null;
  const origin = textOf(essentials['originAlertId']);
  // An activity log alert may carry the id of its rule here, and never resolves: each occurrence is one alert.
  if (id !== null && origin !== null && id.includes('/activitylogalerts/')) return `${id}:${origin}`;
  if (id !== null) return id;
  const rule = textOf(essentials['alertRule']);
  return origin === null || rule === null ? null : `${rule}:${origin}`;
}

function budgetKey(budget: Json): string | null {
  const id = textOf(budget['BudgetId']) ?? textOf(budget['BudgetName']);
  return id === null ? null : `budget:${id.toLowerCase()}`;
}

function endOf(essentials: Json, context: Json, status: AlertStatus) {
  const resolved = textAt(essentials['resolvedDateTime'], `${ESSENTIALS}/resolvedDateTime`);
  if (resolved !== null || status !== 'resolved' || textOf(essentials['monitorCondition']) !== 'Fired') return resolved;
  // A health message that says "over": the time of that message.
  return textAt(context['eventTimestamp'], '/data/alertContext/eventTimestamp');
}

const firstOf = (value: unknown): string | null => (Array.isArray(value) ? textOf(value[0]) : null);
const lastPart = (id: string): string | null => textOf(id.split('/').at(-1));
/** `microsoft.compute/virtualmachines` of a resource id. */
const kindOf = (id: string): string | null => /\/providers\/([^/]+\/[^/]+)/i.exec(id)?.[1]?.toLowerCase() ?? null;

const namedText = (from: Json, names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const text = textOf(from[name]);
      return text === null ? [] : [[name, text]];
    }),
  );
