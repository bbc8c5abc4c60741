/**
 * What an effect may ask while it goes on: may it still act, and how does it sign the events it causes? The worker asks the first before
 * each effect by itself; an activity with several effects asks again between them.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { processWide } from './process-wide.ts';

export interface Lineage {
  /** Workflow id of this run. */
  readonly causedby: string;
  /** How many runs are behind an event of this one. */
  readonly causedepth: number;
}

export interface EffectGuard {
  /** Rejects with failure `EffectsStopped` while the red button covers this effect. */
  allowed(): Promise<void>;
  readonly lineage: Lineage;
}

const guards = processWide('effects', () => new AsyncLocalStorage<EffectGuard>());

/** The worker's part. */
export const withGuard = <T>(guard: EffectGuard, work: () => Promise<T>): Promise<T> => guards.run(guard, work);

/**
 * Rejects when the red button was pressed meanwhile; the run waits and calls the activity again, from its start. Outside a worker nothing is
 * stopped.
 * @example for (const host of hosts) { await effectsAllowed(); await restart(host); }
 */
export const effectsAllowed = async (): Promise<void> => guards.getStore()?.allowed();

/**
 * Extension attributes for a CloudEvent that is to come back to this run, which waits for it by `run.waitFor`: handed to whatever works on
 * for it. Null outside a run's effect.
 * @example await http.request({ method: 'POST', url, body: JSON.stringify({ name, attributes: replyAttributes() }) });
 */
export function replyAttributes(): (Lineage & { readonly forrun: string }) | null {
  const own = lineage();
  return own === null ? null : { ...own, forrun: own.causedby };
}

/** Extension attributes for a CloudEvent that this effect causes, so that a loop is found for certain. Null outside a run's effect. */
export const lineage = (): Lineage | null => guards.getStore()?.lineage ?? null;
