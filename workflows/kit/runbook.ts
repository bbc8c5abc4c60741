/**
 * The wrapper that makes a procedure a runbook: checklist, phase, undo stack and what happens when the alert is resolved. The result
 * is a plain Temporal workflow function; everything here is ordinary workflow code, and what a procedure does not use costs no event.
 */
import {
  ApplicationFailure,
  CancellationScope,
  allHandlersFinished,
  condition,
  defineSignal,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import { Approval, Denied } from './approval.ts';
import { runApproved } from './approved-pass.ts';
import { decisions } from './decisions.ts';
import { notUndone } from './not-undone.ts';
import { failureThatFits, tooLarge } from './payload-size.ts';
import type { PlannedReport } from './plan.ts';
import { makePlan } from './planning-pass.ts';
import { ResolvedMeanwhile, type ResolvedReport } from './resolved.ts';
import type { Run } from './run.ts';
import { RESOLVED_SIGNAL } from './run-context.ts';
import { RunState } from './run-state.ts';
import type { Activities } from './step-activities.ts';

/** Result of a run that somebody denied. Nothing more was done, and nothing was undone: that person has decided. */
export interface DeniedReport {
  readonly outcome: 'denied';
  readonly by: string;
  readonly reason: string;
  /** Effects of before that stay as they are. */
  readonly left: readonly string[];
}

/** A workflow function; what it acts with is known to the types alone, for tests with activities of their own. */
export interface Runbook<Input, Report, Acts> {
  (input: Input): Promise<RunbookReport<Report>>;
  /** Never there. */
  readonly acts?: Acts;
}

export type RunbookReport<Report> = Report | ResolvedReport | DeniedReport | PlannedReport;

/**
 * @example
 * export const restartService = runbook<Input, Report, Acts>(async (input, run) => {
 *   await run.act('restart it', (on) => on.restartUnit(input));
 * });
 */
export function runbook<Input, Report, Acts extends Activities<Acts>>(
  procedure: Procedure<Input, Report, Acts>,
): Runbook<Input, Report, Acts> {
  return async (input) => {
    const state = new RunState<Acts>();
    setHandler(defineSignal(RESOLVED_SIGNAL), () => state.resolve(), {
      description: 'The alert of this run is resolved.',
    });
    try {
      const report = await inItsMode(procedure, input, state);
      const failure = tooLarge('the result', report);
      if (failure !== null) throw failure;
      state.checklist.end('done');
      return report;
    } catch (error) {
      if (error instanceof Denied) {
        state.checklist.end('denied');
        return { outcome: 'denied', by: error.person, reason: error.reason, left: state.acted() };
      }
      const { undone, left } = await CancellationScope.nonCancellable(() => state.undos.undoAll());
      if (error instanceof ResolvedMeanwhile && left.length === 0) {
        state.checklist.end('resolved');
        return { outcome: 'resolved-meanwhile', undone };
      }
      state.checklist.end('failed');
      if (error instanceof ResolvedMeanwhile) throw notUndone('the alert is resolved', left);
      if (isCancellation(error) && left.length > 0) throw notUndone('the run is cancelled', left);
      throw failureThatFits(asFailure(error));
    }
  };
}

type Procedure<Input, Report, Acts> = (input: Input, run: Run<Acts>) => Promise<Report>;

async function inItsMode<Input, Report, Acts extends Activities<Acts>>(
  procedure: Procedure<Input, Report, Acts>,
  input: Input,
  state: RunState<Acts>,
): Promise<Report | PlannedReport> {
  const { context } = state;
  switch (context.mode) {
    case 'plan': {
      const plan = await makePlan({ procedure, input, context, journal: [], look: state });
      return { outcome: 'planned', plan, hash: await decisions.hashPlan({ plan }) };
    }
    case 'approve':
      try {
        return await runApproved({
          procedure,
          input,
          state,
          approval: new Approval(context, state.checklist, state.questions),
        });
      } finally {
        await answersGiven();
      }
    default:
      try {
        return await procedure(input, state.run(context.region));
      } finally {
        await answersGiven();
      }
  }
}

/** Whoever answered is told what came of it; bounded by the decisions they wait for. Costs no event. */
const answersGiven = (): Promise<void> => CancellationScope.nonCancellable(() => condition(allHandlersFinished));

/** A plain Error would only fail the workflow task, again and again, and look stuck; a failure ends the run visibly. */
function asFailure(error: unknown): unknown {
  if (isCancellation(error) || !(error instanceof Error) || 'failure' in error || error instanceof ApplicationFailure)
    return error;
  return ApplicationFailure.create({ type: error.name, message: error.message, nonRetryable: true, cause: error });
}
