/**
 * Datadog webhooks. There is no fixed schema: the body is what somebody typed with `$VARIABLES`, so fields go by the names of those
 * variables in any spelling, our template first, the default body last. Format: docs.datadoghq.com/integrations/webhooks.
 */
import { type AlertResult, alertEvent } from '../events/alert-event.ts';
import { epochMillis, epochSeconds } from '../events/epoch.ts';
import { type Fields, fieldsOf } from './datadog-fields.ts';
import { stateOf } from './datadog-state.ts';
import { FORM } from './form.ts';
import { labelsFrom, locationOfLabels } from './label-facts.ts';
import { MAX_LABELS, firstLabel, readItems, textOf } from './read.ts';
import { refuseAll, refuseItem } from './refuse.ts';
import type { Source, SourceRequest } from './source.ts';
import { TEST } from './test-notification.ts';

export const datadog: Source = {
  kind: 'datadog',
  bodyOf: (contentType) => (contentType === 'application/json' ? 'json' : contentType === FORM ? 'bytes' : 'refused'),
  recognises: (request) => {
    const fields = fieldsOf(request);
    if (fields === null) return false;
    // A word of Datadog's own, beside what it is about.
    const transition = fields.has('alert_transition') && IDENTITY.some((name) => fields.has(name));
    // A template without it leaves the state to the title.
    const monitor = fields.has('alert_id') && OF_MONITORS.filter((name) => fields.has(name)).length >= 2;
    const titled = monitor && stateOf(null, fields.text('title') ?? fields.text('alert_title')).text !== '';
    return transition || titled || DEFAULT_BODY.every((name) => fields.has(name));
  },
  toEvents: (request) => {
    const fields = fieldsOf(request);
    if (fields === null) return refuseAll('not-datadog', '', 'expected a Datadog webhook as a JSON object or form');
    if (isTest(fields)) return TEST;
    return readItems([fields], () => toEvent(request, fields));
  },
};

/** The button "Test Notifications" of a monitor writes so before the monitor's own title, whatever the state that it plays. */
const isTest = (fields: Fields): boolean =>
  ['title', 'alert_title'].some((name) => stateOf(null, fields.text(name)).rest?.startsWith('[TEST]') === true);

const IDENTITY = ['alert_id', 'alert_cycle_key', 'aggreg_key', 'alert_title', 'title'];
const OF_MONITORS = ['alert_cycle_key', 'aggreg_key', 'alert_metric', 'alert_query', 'alert_scope', 'alert_status'];
const DEFAULT_BODY = ['id', 'last_updated', 'event_type', 'title', 'date', 'body'];

function toEvent(request: SourceRequest, fields: Fields): AlertResult {
  const title = fields.text('alert_title') ?? fields.text('title');
  const state = stateOf(fields.text('alert_transition') ?? fields.text('transition'), fields.text('title') ?? title);
  const scope = tagsOf(fields.text('alert_scope') ?? state.scope);
  const key = keyOf(fields, scope, state.rest);
  if (key === null)
    return refuseItem('missing-identity', fields.place('alert_id'), 'expected the id of the monitor, or a title');
  const labels = labelsFrom([
    ...new Map([...tagsOf(fields.text('tags')), ...scope].map((tag) => [tag.join(':'), tag])).values(),
  ]);
  const when = timeOf(fields);
  const host = fields.text('hostname') ?? firstLabel(labels, ['host'])?.value ?? null;
  return alertEvent(request, {
    key,
    status: state.status,
    statusText: state.text,
    name: state.rest,
    severity: severityOf(fields, state.priority),
    // What renotifies has started earlier; when, it does not say.
    started: state.starts ? when : null,
    ended: when,
    occurred: when,
    title,
    description: fields.text('body') ?? fields.text('alert_status'),
    labels,
    annotations: labelsFrom(
      ['alert_metric', 'alert_query', 'alert_status', 'event_type', 'org_name'].map((name) => [
        name,
        fields.text(name),
      ]),
    ),
    resource: host === null ? null : { kind: 'host', id: host, name: host },
    location: locationOfLabels(labels, 'tags.'),
    links: { source: fields.text('link'), runbook: null, dashboard: null },
    group: { key: fields.text('aggreg_key'), size: null, truncated: null, reason: null },
    delivery: { id: fields.text('id'), attempt: null },
  });
}

/**
 * The monitor's own priority. `$PRIORITY` is another one (how an event is shown: "normal", "low"), but templates in use fill a field of
 * that name with P1 to P5 as well.
 */
function severityOf(fields: Fields, inTitle: string | null): string | null {
  const loose = fields.text('priority');
  const isMonitors = /^P[1-5]$/i.test(loose ?? '');
  return (
    fields.text('alert_priority') ??
    inTitle ??
    (isMonitors ? loose : null) ??
    fields.text('severity') ??
    fields.text('alert_type')
  );
}

type Tag = readonly [name: string, value: string];

/** `env:prod,urgent`: a tag without a value is a label with the empty text. */
const tagsOf = (text: string | null): readonly Tag[] =>
  (text ?? '').split(',', MAX_LABELS).flatMap((tag): readonly Tag[] => {
    const [name = '', ...rest] = tag.trim().split(':');
    return name === '' ? [] : [[name, rest.join(':')]];
  });

/**
 * The monitor and the group of it that is sick. Where the template names no group, the cycle key does: it is one for the alert and its
 * recovery. The default body names neither; its title without the state is all that both have in common.
 */
function keyOf(fields: Fields, scope: readonly Tag[], rest: string | null): string | null {
  const group = scope
    .map((tag) => tag.join(':'))
    .toSorted()
    .join(',');
  const org = fields.text('org_id');
  const owner = org === null ? '' : `org:${org}:`;
  const monitor = fields.text('alert_id');
  const cycle = fields.text('alert_cycle_key');
  // Events that belong together, and so perhaps all groups of a monitor.
  const together = fields.text('aggreg_key');
  if (monitor !== null) return `${owner}monitor:${monitor}:${textOf(group) ?? cycle ?? together ?? ''}`;
  if (cycle !== null) return `${owner}cycle:${cycle}`;
  if (together !== null) return `${owner}together:${together}:${group}`;
  return rest === null ? null : `${owner}title:${rest}:${group}`;
}

/** Epoch milliseconds as a text, or seconds (`$DATE_POSIX`): these have ten digits until the year 2286. Other texts are no numbers. */
function timeOf(fields: Fields) {
  for (const name of ['date', 'last_updated']) {
    const written = fields.text(name);
    if (written !== null)
      return {
        text: (written.length <= 10 ? epochSeconds(written) : epochMillis(written)) ?? written,
        place: fields.place(name),
        written,
      };
  }
  return null;
}
