/** What runbook authors compose. */
export type { AskOptions } from './ask-human.ts';
export type { ChildOptions } from './child-runs.ts';
export { everyRegion } from './every-region.ts';
export { type FanOutOptions, type Part, type PartFailure, fanOut } from './fan-out.ts';
export { ESCALATED } from './escalated.ts';
export { type LimitUse, limit } from './limit-use.ts';
export type { Retry } from './retry.ts';
export { runbook } from './runbook.ts';
export type { DeniedReport, ResolvedReport, Runbook, RunbookReport } from './runbook.ts';
export type { Plan, PlannedReport } from './plan.ts';
export type { ActOptions, CheckOptions, Run, VerifyOptions } from './run.ts';
export type { WaitOptions, Waited } from './wait-for.ts';
export type { StepOptions } from './step-activities.ts';
export type { OnResolved, RunContext, RunEvent, RunMode } from './run-context.ts';
export type { WindowOptions } from './window-options.ts';
export type { WindowUse } from './window-use.ts';
