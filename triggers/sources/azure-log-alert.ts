/**
 * Log search alerts of Azure Monitor without the common schema: the results of a query. Such rules have no state: a message is sent each
 * time that the query finds something, and none when it no longer does. Each is a firing of its own. Format: learn.microsoft.com, "Sample
 * payloads for log search alerts using webhook actions".
 */
import type { AlertResult, TextAt } from '../events/alert-event.ts';
import { alertEvent } from '../events/alert-event.ts';
import { dimensionsIn } from './azure-dimensions.ts';
import { azureLocation } from './azure-resource.ts';
import { searchLink } from './azure-search-link.ts';
import { azureSeverity } from './azure-severity.ts';
import { labelsFrom } from './label-facts.ts';
import { type Json, idOf, isObject, located, textAt, textOf } from './read.ts';
import { refuseItem } from './refuse.ts';
import type { SourceRequest } from './source.ts';

const SCHEMA = 'microsoft.insights/logalert';

/** Workspaces of before wrote the data without a schema around it. */
export const isLogAlert = (body: Json): boolean =>
  textOf(body['schemaId'])?.toLowerCase() === SCHEMA ||
  (!('schemaId' in body) && 'AlertRuleName' in body && 'SearchQuery' in body);

export function logAlert(request: SourceRequest, body: Json): AlertResult {
  const place = 'schemaId' in body ? '/data' : '';
  const data = isObject(body['data']) ? body['data'] : 'schemaId' in body ? {} : body;
  const name = textOf(data['AlertRuleName']);
  if (name === null) return refuseItem('missing-identity', `${place}/AlertRuleName`, 'expected the name of the rule');
  const subscription = idOf(data['SubscriptionId']);
  const owner = idOf(data['ResourceId']) ?? idOf(data['WorkspaceId']) ?? idOf(data['ApplicationId']);
  const until = timeAt(data, 'SearchIntervalEndtimeUtc', place) ?? timeAt(data, 'SearchIntervalEndTimeUtc', place);
  const dimensions = dimensionsIn(data['Dimensions']);
  const occurrence = until?.text ?? request.rawSha256.slice(0, 32);
  const parts = [subscription, owner, name, ...dimensions.map(([key, value]) => `${key}=${value}`).toSorted()];
  const severity = idOf(data['Severity']);
  return alertEvent(request, {
    // Nothing will ever resolve it, so that the next time is another alert.
    key: `log-alert:${parts.filter((part) => part !== null).join(':')}:${occurrence}`,
    status: 'firing',
    statusText: textOf(body['schemaId']) ?? 'LogAlert',
    name,
    severity,
    severityWord: azureSeverity(severity),
    started: until,
    title: name,
    description: textOf(data['Description']),
    labels: labelsFrom([...dimensions, ['alertType', textOf(data['AlertType'])]]),
    annotations: labelsFrom(
      ['SearchQuery', 'ResultCount', 'AlertThresholdOperator', 'AlertThresholdValue'].map((field) => [
        field,
        idOf(data[field]),
      ]),
    ),
    resource: owner === null ? null : { kind: null, id: owner, name: firstOf(data['AffectedConfigurationItems']) },
    location: {
      ...azureLocation([[textOf(data['ResourceId']), place === '' ? 'ResourceId' : 'data.ResourceId']]),
      ...(subscription === null
        ? {}
        : { account: located(subscription, place === '' ? 'SubscriptionId' : 'data.SubscriptionId') }),
    },
    links: { source: searchLink(data), runbook: null, dashboard: null },
  });
}

const firstOf = (value: unknown): string | null => (Array.isArray(value) ? textOf(value[0]) : null);

/** Some write `3/26/2018 9:10:40 AM`; the names of the fields say that it is UTC. */
function timeAt(data: Json, field: string, place: string): TextAt | null {
  const found = textAt(data[field], `${place}/${field}`);
  const match = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d\d):(\d\d)(?: ([AP])M)?$/.exec(found?.text.trim() ?? '');
  if (found === null || match === null) return found;
  const [, month = '', day = '', year = '', hour = '', minute = '', second = '', half] = match;
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half === 'P' ? 12 : 0);
  const [m, d, h] = [month, day, String(hours)].map((part) => part.padStart(2, '0'));
  return { ...found, text: `${year}-${m}-${d}T${h}:${minute}:${second}Z`, written: found.text };
}
