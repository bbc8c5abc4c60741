/**
 * AWS Health through EventBridge. An issue fires until it ends; announcements and planned changes are plain events. Times are RFC 1123,
 * at times with a wrong weekday. Format: docs.aws.amazon.com health, "AWS Health events Amazon EventBridge schema".
 */
import type { AlertStatus } from '../events/alert.ts';
import { type AlertResult, type TextAt, alertEvent } from '../events/alert-event.ts';
import { rfc1123 } from '../events/rfc1123.ts';
import { arnOf, dotted } from './aws-arn.ts';
import { labelsFrom } from './label-facts.ts';
import { type Json, idOf, isObject, located, textAt, textOf } from './read.ts';
import { refuseItem } from './refuse.ts';
import type { SourceRequest } from './source.ts';

/** Issues only; the rest of Health says nothing that ends. */
export const isHealthIssue = (event: Json): boolean =>
  event['source'] === 'aws.health' &&
  event['detail-type'] === 'AWS Health Event' &&
  isObject(event['detail']) &&
  event['detail']['eventTypeCategory'] === 'issue';

export function healthIssue(request: SourceRequest, event: Json, place: string): AlertResult {
  const detail = isObject(event['detail']) ? event['detail'] : {};
  const inside = `${place}/detail`;
  const arn = textOf(detail['eventArn']);
  if (arn === null) return refuseItem('missing-identity', `${inside}/eventArn`, 'expected the ARN of the Health event');
  const account = accountOf(event, detail, place);
  const { status, statusText } = stateOf(detail, request.receivedAt);
  const code = textOf(detail['eventTypeCode']);
  const entities: readonly unknown[] = Array.isArray(detail['affectedEntities']) ? detail['affectedEntities'] : [];
  const ids = entities
    .slice(0, 100)
    .map((each) => (isObject(each) ? textOf(each['entityValue'])?.trim() || null : null));
  return alertEvent(request, {
    // A public event has one ARN for everybody; what is sick is this account's part of it.
    key: account === null ? arn : `${arn}:${account.value}`,
    status,
    statusText,
    name: code,
    // Of an issue that is yet to come the start is a forecast.
    started: status === 'unknown' ? null : timeAt(detail, 'startTime', inside),
    ended: timeAt(detail, 'endTime', inside) ?? timeAt(detail, 'lastUpdatedTime', inside),
    // A long list of resources comes in pages, each of them news.
    occurrence: pageOf(detail),
    title: code,
    description: descriptionOf(detail),
    labels: labelsFrom([
      ['service', textOf(detail['service'])],
      ['category', textOf(detail['eventTypeCategory'])],
      ['scope', textOf(detail['eventScopeCode'])],
      ...ids.map((id) => ['entity', id] as const),
    ]),
    resource: ids.length === 1 && ids[0] ? { kind: textOf(detail['service']), id: ids[0], name: null } : null,
    location: {
      cloud: located('aws', dotted(`${place}/source`)),
      account,
      region:
        located(detail['eventRegion'], dotted(`${inside}/eventRegion`)) ??
        located(arnOf(arn)?.region, dotted(`${inside}/eventArn`)) ??
        located(event['region'], dotted(`${place}/region`)),
      zone: located(detail['availabilityZone'], dotted(`${inside}/availabilityZone`)),
    },
    delivery: { id: textOf(event['id']), attempt: null },
  });
}

/** In an organisation the delegated account hears of all others; the affected one is named then. */
const accountOf = (event: Json, detail: Json, place: string) =>
  located(detail['affectedAccount'], dotted(`${place}/detail/affectedAccount`)) ??
  located(event['account'], dotted(`${place}/account`));

const STATES: Readonly<Record<string, AlertStatus>> = { open: 'firing', closed: 'resolved' };

const pageOf = (detail: Json): string | null => {
  const page = idOf(detail['page']);
  return page === null || page === '1' ? null : page;
};

/** Older events have no status code: they are over once they have an end, and it has come. */
function stateOf(detail: Json, receivedAt: string): { readonly status: AlertStatus; readonly statusText: string } {
  const code = textOf(detail['statusCode']);
  if (code !== null) {
    const word = code.toLowerCase();
    return { status: Object.hasOwn(STATES, word) ? (STATES[word] ?? 'unknown') : 'unknown', statusText: code };
  }
  const end = timeAt(detail, 'endTime', '')?.text ?? null;
  const ended = end !== null && !(Date.parse(end) > Date.parse(receivedAt));
  return ended ? { status: 'resolved', statusText: 'ended' } : { status: 'firing', statusText: 'issue' };
}

/** A date that is neither RFC 1123 nor RFC 3339 is refused with its place by the reader of instants. */
function timeAt(detail: Json, field: string, place: string): TextAt | null {
  const found = textAt(detail[field], `${place}/${field}`);
  return found === null ? null : { ...found, text: rfc1123(found.text) ?? found.text, written: found.text };
}

function descriptionOf(detail: Json): string | null {
  const texts: readonly unknown[] = Array.isArray(detail['eventDescription']) ? detail['eventDescription'] : [];
  const english = texts.find((each) => isObject(each) && /^en/i.test(textOf(each['language']) ?? '')) ?? texts[0];
  return isObject(english) ? textOf(english['latestDescription']) : null;
}
