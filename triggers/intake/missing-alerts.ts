/** How many alerts the sender has left out of its groups (`max_alerts` of Alertmanager and Grafana); a group counts once. */
import { countOf, isObject } from '../sources/read.ts';
import type { StoredEvent } from './accept.ts';

export function missingAlerts(stored: readonly Pick<StoredEvent, 'event'>[]): number {
  const missing = new Map<unknown, number>();
  for (const { event } of stored) {
    const group = event.type.startsWith('tocsin.alert.') && isObject(event.data) ? event.data['group'] : null;
    if (isObject(group)) missing.set(group['key'], countOf(group['truncated']) ?? 0);
  }
  return [...missing.values()].reduce((total, each) => total + each, 0);
}
