/**
 * An event can say which run it is meant for: the CloudEvents extension `forrun` holds a workflow id, as an activity passed it on. That run
 * hears of it if it waits. Only runs can be named so, no workflow of the engine itself.
 */
import type { CloudEvent } from './cloud-event.ts';

export const FOR_RUN = 'forrun';

const MAX_ID = 1_000;
const ENGINE_PREFIXES = ['limit/', 'schedule/'];

/** Null when it names none. */
export function forRun(event: Pick<CloudEvent, 'type'>): string | null {
  const { [FOR_RUN]: id } = event as unknown as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID) return null;
  return ENGINE_PREFIXES.some((prefix) => id.startsWith(prefix)) ? null : id;
}
