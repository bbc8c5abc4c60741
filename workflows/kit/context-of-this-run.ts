/** Why this run exists, as whoever started it has put into its memo. */
import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import type { RunContext } from './run-context.ts';

const MODES: ReadonlySet<unknown> = new Set([undefined, 'auto', 'approve', 'plan']);

/** Rejects, for good, a run that was started otherwise. */
export function contextOfThisRun(): RunContext {
  const context = workflowInfo().memo?.['tocsin'] as RunContext | undefined;
  if (context === undefined)
    throw noContext('this run was started without memo `tocsin`; start it by a trigger or by `tocsin run`');
  if (!MODES.has(context.mode))
    throw noContext(
      `mode ${JSON.stringify(context.mode)} of memo \`tocsin\` is unknown; expected auto, approve or plan`,
    );
  return context;
}

const noContext = (message: string): ApplicationFailure =>
  ApplicationFailure.create({ type: 'NoRunContext', message, nonRetryable: true });
