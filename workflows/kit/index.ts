/** What runbook authors compose. */
export type { AskOptions } from './ask-human.ts';
export type { ChildOptions } from './child-runs.ts';
export { everyRegion } from './every-region.ts';
export { type FanOutOptions, type Part, type PartFailure, fanOut } from './fan-out.ts';
export { ESCALATED } from './escalated.ts';
export { type RollOutOptions, type RolloutReport, rollOut } from './roll-out.ts';
export {
  type FailedTarget,
  type WaveInput,
  type WaveReport,
  type WaveSteps,
  type WaveTarget,
  rollWave,
} from './roll-wave.ts';
export type { WaveState, WaveStatus } from './rollout-message.ts';
export type { ErrorBudget, Rollout, WaveRule } from './rollout-plan.ts';
export { type LimitUse, limit } from './limit-use.ts';
export type { Retry } from './retry.ts';
export { runbook } from './runbook.ts';
export type { ResolvedReport } from './resolved.ts';
export type { DeniedReport, Runbook, RunbookReport } from './runbook.ts';
export type { Plan, PlannedAction, PlannedCall, PlannedObservation, PlannedReport } from './plan.ts';
export type { ActOptions, AnyRunbook, CheckOptions, Run, VerifyOptions } from './run.ts';
export type { WaitOptions, Waited } from './wait-for.ts';
export type { Activities, StepOptions } from './step-activities.ts';
export type { Lineage, OnResolved, RegionRule, RunContext, RunEvent, RunMode, WhenNoWorker } from './run-context.ts';
export type { PlannedWindow, WindowOptions } from './window-options.ts';
export type { WindowCombination, WindowUse } from './window-use.ts';
