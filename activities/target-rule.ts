/** Which targets the runs of a runbook or of a trigger may act upon. Pure. */
import { type Selector, describeSelector, matches } from './inventory/selector.ts';
import type { Target } from './inventory/target.ts';

/** Narrows what the runs of a runbook, of a trigger, or of a runbook started by a trigger may act upon. Those of no name are all meant. */
export interface TargetRule {
  readonly runbook?: string;
  readonly trigger?: string;
  readonly targets: Selector;
}

/** What rules mean a run by. */
export interface RunNames {
  readonly runbook: string;
  readonly trigger: string;
}

/** A run's id starts with the id of its trigger (R3); `by-hand` when an operator started it. */
export const triggerOf = (workflowId: string): string => workflowId.split('/', 1)[0] ?? '';

/** The first rule that keeps this run from the target; undefined: it may act upon it. */
export const brokenRule = (rules: readonly TargetRule[], run: RunNames, target: Target): TargetRule | undefined =>
  rules.find((rule) => isMeant(rule, run) && !matches(target, rule.targets));

const isMeant = ({ runbook, trigger }: TargetRule, run: RunNames): boolean =>
  (runbook === undefined || runbook === run.runbook) && (trigger === undefined || trigger === run.trigger);

/** `what runbook restartService may act upon: tier=web` */
export const describeRule = ({ runbook, trigger, targets }: TargetRule): string => {
  const who = [runbook && `runbook ${runbook}`, trigger && `trigger ${trigger}`].filter(Boolean).join(' of ');
  return `what ${who || 'any runbook'} may act upon: ${describeSelector(targets)}`;
};
