/** What runbook authors compose. */
export { ESCALATED, runbook } from './runbook.ts';
export type { ActOptions, ResolvedReport, Run, VerifyOptions } from './runbook.ts';
export type { StepOptions } from './step-activities.ts';
export type { OnResolved, RunContext } from './run-context.ts';
