/**
 * Whether a run may act now, asked in a local activity and recorded by the run (R7): a newer release of the zone data, or a mended fault of
 * ours, changes no run that has its answer. May run any number of times before its first result is recorded.
 */
import { Context } from '@temporalio/activity';
import type { ApproverKey } from '../approvals.ts';
import { type WindowDecision, type WindowRequest, windowName } from '../../workflows/kit/window-message.ts';
import { clockDoubt } from '../calendar/clock-doubt.ts';
import { jitterOf } from './jitter.ts';
import { type AskingRun, overrideOf } from './override.ts';
import type { Windows } from './windows.ts';

export interface WindowDependencies {
  readonly windows: Windows;
  /** Whose signature opens a window. */
  readonly keys: () => readonly ApproverKey[];
  /** Clock of this host, ms since 1970. Without it clocks are not compared. */
  readonly clock?: () => number;
}

/** Without dependencies every window is closed by doubt. */
export const createWindowDecisions = (dependencies?: WindowDependencies) => ({
  decideWindow: async (request: WindowRequest): Promise<WindowDecision> => {
    if (dependencies === undefined) return inDoubt('this worker knows no windows');
    const { workflowExecution } = Context.current().info;
    return decideWindow(request, dependencies, {
      workflowId: workflowExecution?.workflowId ?? '',
      runId: workflowExecution?.runId ?? '',
    });
  },
});

/** Never throws: what is not known is closed. */
export function decideWindow(
  request: WindowRequest,
  { windows, keys, clock }: WindowDependencies,
  run: AskingRun,
): WindowDecision {
  const { use, region, needMs, at, override } = request;
  const opened = override === null ? null : overrideOf(override, { run, window: windowName(use), at, keys: keys() });
  if (opened !== null && opened.until - at >= needMs)
    return { kind: 'open', closesAt: opened.until, by: opened.person, why: opened.text, tz: '' };
  const doubt = clock === undefined ? null : clockDoubt(clock() - at, 'Temporal');
  if (doubt !== null) return inDoubt(doubt);
  const answer = windows.at(use, region, at, needMs);
  const { why, tz, opensAt, closesAt } = answer;
  if (answer.open) return { kind: 'open', closesAt, by: null, why, tz };
  if (answer.doubt) return { kind: 'doubt', why, tz };
  if (opensAt === null) return { kind: 'never', why, tz };
  const slackMs = (closesAt ?? Infinity) - opensAt - needMs;
  return {
    kind: 'wait',
    until: opensAt + jitterOf(`${run.workflowId} ${run.runId} ${opensAt}`, request.jitterMs, slackMs),
    why,
    tz,
  };
}

const inDoubt = (reason: string): WindowDecision => ({
  kind: 'doubt',
  why: `closed by doubt: ${reason}`,
  tz: 'unknown',
});
