/**
 * One event of Zabbix, from what its macros became. A problem and its recovery share {EVENT.ID} and {TRIGGER.ID}; in old versions and in the
 * links of templates only the trigger. Format: zabbix.com/documentation, "Macros supported by location"; zabbix/zabbix templates/media.
 */
import type { Alert } from '../events/alert.ts';
import { type AlertResult, alertEvent } from '../events/alert-event.ts';
import { tokensOf } from '../events/json-pointer.ts';
import { plainEvent } from '../events/plain-event.ts';
import { labelsFrom, locationOfLabels } from './label-facts.ts';
import { refuseItem } from './refuse.ts';
import type { SourceRequest } from './source.ts';
import { type Fields, saidText } from './zabbix-fields.ts';
import { severityWord } from './zabbix-severity.ts';
import { statusOf, updateOf } from './zabbix-state.ts';
import { tagsOf } from './zabbix-tags.ts';
import { type Clock, timeIn } from './zabbix-time.ts';

/** What media types call {EVENT.ID}; {EVENT.VALUE}, {EVENT.STATUS} or {TRIGGER.STATUS}; the address in the frontend. */
export const EVENT_ID = ['eventid', 'alertuid', 'alertid', 'id'] as const;
export const STATE = ['eventvalue', 'triggerstatus', 'eventstatus', 'status', 'state', 'value'] as const;
export const LINK = ['link', 'linktoupstreamdetails', 'eventurl', 'alerturl'] as const;

const STARTED: Clock = {
  epoch: ['eventtimestamp', 'eventdatetimetimestamp'],
  date: ['eventdate'],
  time: ['eventtime'],
};
const ENDED: Clock = {
  epoch: ['eventrecoverytimestamp', 'recoverytimestamp'],
  date: ['eventrecoverydate', 'recoverydate'],
  time: ['eventrecoverytime', 'recoverytime'],
};
const UPDATED: Clock = {
  epoch: ['eventupdatetimestamp', 'updatetimestamp'],
  date: ['eventupdatedate', 'updatedate'],
  time: ['eventupdatetime', 'updatetime'],
};

/** {EVENT.SOURCE} of what has no state. */
const ANNOUNCEMENTS: ReadonlyMap<string | null, string> = new Map([
  ['1', 'discovery'],
  ['2', 'autoregistration'],
]);
/** {EVENT.SOURCE} of an item, rule or trigger that cannot be evaluated. */
const INTERNAL = '3';

export function zabbixEvent(request: SourceRequest, fields: Fields): AlertResult {
  const { text, given } = fields;
  const link = text(...LINK);
  const event = digits(text(...EVENT_ID)) ?? idIn(link, 'eventid');
  const announcement = ANNOUNCEMENTS.get(text('eventsource'));
  if (announcement !== undefined) return announced(request, fields, announcement, event);
  const state = text(...STATE);
  if (state === null)
    return refuseItem(
      'missing-status',
      given(...STATE)?.place ?? '/value',
      'expected {EVENT.VALUE}: "1" (problem) or "0"',
    );
  const key = keyOf(fields, event, link);
  if (key === null)
    return refuseItem('missing-identity', given(...EVENT_ID, ...LINK)?.place ?? '/event_id', 'expected {EVENT.ID}');
  const update = updateOf(fields);
  const tagged = fields.find('tags', 'eventtags', 'eventtagsjson');
  const tags = tagsOf(tagged?.value);
  const trigger = text('triggername', 'triggernameorig', 'trigger');
  // A title may be the subject of the message.
  const name = text('eventname') ?? text('name', 'title', 'alertname');
  const item = text('itemname', 'itemname1', 'item');
  return alertEvent(request, {
    key,
    status: statusOf(state, update, text('eventackstatus', 'ackstatus', 'acknowledged')),
    statusText: update?.action ?? state,
    occurrence: update === null ? event : JSON.stringify([event, update.action, update.at]),
    name: trigger ?? name,
    ...severityOf(fields, update !== null),
    started: timeIn(request, fields, STARTED),
    ended: timeIn(request, fields, ENDED),
    occurred: update === null ? null : timeIn(request, fields, UPDATED),
    title: name ?? trigger ?? text('subject', 'alertsubject'),
    description: text('triggerdescription', 'triggerdesc', 'description', ...OPERATIONAL_DATA) ?? item,
    labels: { ...tags, ...labelsOf(fields, item) },
    resource: resourceOf(fields),
    location: locationOfLabels(tags, `${tokensOf(tagged?.place ?? '/tags').join('.')}.`),
    links: {
      // Where the address of the frontend is not configured, its macro stands in front.
      source: link?.startsWith('http') === true ? link : null,
      runbook: text('triggerurl'),
      dashboard: null,
    },
    delivery: { id: event, attempt: null },
  });
}

const digits = (text: string | null): string | null => (text !== null && /^\d+$/.test(text) ? text : null);

const idIn = (link: string | null, name: string): string | null =>
  new RegExp(`[?&]${name}=(\\d+)`).exec(link ?? '')?.[1] ?? null;

/** A trigger that cannot be evaluated has the id of its problem too, and must not end it: internal events are known by their own. */
function keyOf({ given, text }: Fields, event: string | null, link: string | null): string | null {
  const trigger = given('triggerid') === null ? idIn(link, 'triggerid') : digits(text('triggerid'));
  if (trigger !== null && text('eventsource') !== INTERNAL) return `trigger:${trigger}`;
  return event === null ? null : `event:${event}`;
}

/** What was found or has registered neither fires nor resolves. */
function announced(request: SourceRequest, fields: Fields, name: string, event: string | null): AlertResult {
  return plainEvent(request, {
    name: `zabbix.${name}`,
    identity: [event ?? request.rawSha256],
    occurred: timeIn(request, fields, STARTED),
    subject: fields.text('discoverydeviceipaddress', 'host', 'hosthost', 'hostip'),
    data: request.body,
  });
}

/** An update of a service carries the severity it has now beside the one it began with. */
function severityOf({ text }: Fields, isUpdate: boolean) {
  const updated = isUpdate ? text('eventupdateseverity', 'updateseverity') : null;
  const updatedNumber = isUpdate ? text('eventupdatenseverity', 'updatenseverity') : null;
  const number = updatedNumber ?? (updated === null ? text('eventnseverity', 'nseverity') : null);
  const severity = updated ?? text('eventseverity', 'severity', 'triggerseverity') ?? number;
  return { severity, severityWord: severityWord(number ?? severity) };
}

const OPERATIONAL_DATA = ['operationaldata', 'operationdata', 'eventopdata', 'triggeropdata'] as const;

function labelsOf({ find, text }: Fields, item: string | null): Readonly<Record<string, string>> {
  const group = find('hostgroup', 'hostgroups', 'triggerhostgroupname')?.value;
  return labelsFrom([
    ['host', text('host', 'hosthost', 'hostname')],
    ['host_ip', text('hostip')],
    ['host_group', Array.isArray(group) ? group.map(saidText).filter(Boolean).join(',') || null : saidText(group)],
    ['item', item],
  ]);
}

function resourceOf({ text }: Fields): Alert['resource'] {
  const service = text('servicename');
  if (service !== null) return { kind: 'service', id: null, name: service };
  const [id, name] = [text('hostid'), text('host', 'hosthost', 'hostname')];
  return id === null && name === null ? null : { kind: 'host', id, name };
}
