/** An incident of PagerDuty as all its webhooks describe it. */
import { type Json, isObject, textOf } from './read.ts';

export const incidentKey = (id: string): string => `incident:${id}`;

export function incidentFacts(incident: Json) {
  const priority = isObject(incident['priority']) ? incident['priority'] : {};
  const service = isObject(incident['service']) ? incident['service'] : {};
  const name = textOf(service['summary']) ?? textOf(service['name']);
  const id = textOf(service['id']);
  // Version 1 of the webhooks has no title, only what triggered it.
  const trigger = isObject(incident['trigger_summary_data']) ? incident['trigger_summary_data'] : {};
  const title = textOf(incident['title']) ?? textOf(trigger['subject']) ?? textOf(trigger['description']);
  return {
    // Who set a priority meant it; the urgency only says how loudly somebody is called.
    severity: textOf(priority['summary']) ?? textOf(priority['name']) ?? textOf(incident['urgency']),
    name: title,
    title,
    description: textOf(incident['description']),
    resource: id === null && name === null ? null : { kind: 'service', id, name },
    links: { source: textOf(incident['html_url']), runbook: null, dashboard: null },
  };
}
