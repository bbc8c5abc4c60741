/** The window within which the code that runs now acts: set around a part of a procedure, read by its effects. */
import { AsyncLocalStorage } from '@temporalio/workflow';
import type { WindowGate } from './window-gate.ts';
import type { PlannedWindow } from './window-options.ts';

export interface HeldWindow {
  readonly planned: PlannedWindow;
  /** Null: it is only planned. */
  readonly gate: WindowGate | null;
}

export const heldWindow = new AsyncLocalStorage<HeldWindow>();

/** Until when the activities that are scheduled now may begin, ms since 1970; set around an effect. */
export const notAfter = new AsyncLocalStorage<number>();
