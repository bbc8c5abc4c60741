/** What happens to a run from outside while a test waits for it. */
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import ms, { type StringValue } from 'ms';
import { RESOLVED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { partsKnow } from './parts-know.ts';

export interface Happening {
  /** Virtual time after what came before it, or after the start. */
  readonly afterMs: number;
  readonly to: (handle: WorkflowHandle) => Promise<unknown>;
}

/** Its alert is resolved. @example meanwhile: [resolves('10m')] */
export const resolves = (after: StringValue): Happening => ({
  afterMs: ms(after),
  to: (handle) => handle.signal(RESOLVED_SIGNAL, { stream: 'EVENTS_TEST', sequence: 2, storedAt: 0 }),
});

/** An operator cancels it, and its parts with it. */
export const cancelled = (after: StringValue): Happening => ({
  afterMs: ms(after),
  to: async (handle) => {
    await handle.cancel();
    await partsKnow(handle);
  },
});

/** A signal of the runbook's own. */
export const signalled = (after: StringValue, name: string, ...args: readonly unknown[]): Happening => ({
  afterMs: ms(after),
  to: (handle) => handle.signal(name, ...args),
});

export async function happen(
  { afterMs, to }: Happening,
  handle: WorkflowHandle,
  environment: TestWorkflowEnvironment,
): Promise<void> {
  await environment.sleep(afterMs);
  await to(handle);
}
