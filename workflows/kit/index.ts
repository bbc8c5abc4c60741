/** What runbook authors compose. */
export type { AskOptions } from './ask-human.ts';
export { ESCALATED } from './escalated.ts';
export { type LimitUse, limit } from './limit-use.ts';
export { runbook } from './runbook.ts';
export type { DeniedReport, ResolvedReport, RunbookReport } from './runbook.ts';
export type { Plan, PlannedReport } from './plan.ts';
export type { ActOptions, CheckOptions, Run, VerifyOptions } from './run.ts';
export type { StepOptions } from './step-activities.ts';
export type { OnResolved, RunContext, RunMode } from './run-context.ts';
