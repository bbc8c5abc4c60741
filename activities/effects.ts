/**
 * What an effect may ask while it goes on: may it still act, and how does it sign the events it causes? The worker asks the first before
 * each effect by itself; an activity with several effects asks again between them.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

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

const guards = new AsyncLocalStorage<EffectGuard>();

/** The worker's part. */
export const withGuard = <T>(guard: EffectGuard, work: () => Promise<T>): Promise<T> => guards.run(guard, work);

/**
 * Rejects when the red button was pressed meanwhile; the run waits and calls the activity again, from its start. Outside a worker nothing is
 * stopped.
 * @example for (const host of hosts) { await effectsAllowed(); await restart(host); }
 */
export const effectsAllowed = async (): Promise<void> => guards.getStore()?.allowed();

/** Extension attributes for a CloudEvent that this effect causes, so that a loop is found for certain. Null outside a run's effect. */
export const lineage = (): Lineage | null => guards.getStore()?.lineage ?? null;
