/** The leases under which the code that runs now acts: set around a step, read where an activity is scheduled. */
import { AsyncLocalStorage } from '@temporalio/workflow';
import type { Fence } from '../engine/limit-protocol.ts';

export interface HeldLeases {
  /** Resolves when every lease lasts long enough for an activity of these bounds; then it may be scheduled at once. */
  cover(bounds: { readonly totalMs: number; readonly attemptMs: number }): Promise<void>;
  fences(): readonly Fence[];
}

export const heldLeases = new AsyncLocalStorage<HeldLeases>();
