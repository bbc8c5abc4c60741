/** An incident of PagerDuty as its v2 and v3 webhooks both describe it. */
import { type Json, isObject, textOf } from './read.ts';

export const incidentKey = (id: string): string => `incident:${id}`;

export function incidentFacts(incident: Json) {
  const priority = isObject(incident['priority']) ? incident['priority'] : {};
  const service = isObject(incident['service']) ? incident['service'] : {};
  const name = textOf(service['summary']) ?? textOf(service['name']);
  const id = textOf(service['id']);
  return {
    // Who set a priority meant it; the urgency only says how loudly somebody is called.
    severity: textOf(priority['summary']) ?? textOf(priority['name']) ?? textOf(incident['urgency']),
    name: textOf(incident['title']),
    title: textOf(incident['title']),
    description: textOf(incident['description']),
    resource: id === null && name === null ? null : { kind: 'service', id, name },
    links: { source: textOf(incident['html_url']), runbook: null, dashboard: null },
  };
}
