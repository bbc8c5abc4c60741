/**
 * The one door through which a step comes to its target: what an event names is looked up in the inventory of this worker's region, and
 * must be within what the run's runbook and trigger are allowed to act upon. Checked here, on the worker, before anything is done.
 */
import { Context } from '@temporalio/activity';
import type { Inventory } from './inventory/inventory.ts';
import { type Selector, describeSelector, matches } from './inventory/selector.ts';
import type { Target } from './inventory/target.ts';
import { permanent } from './permanent.ts';

/** Narrows what the runs of a runbook, of a trigger, or of a runbook started by a trigger may act upon. Those of no name are all meant. */
export interface TargetRule {
  readonly runbook?: string;
  readonly trigger?: string;
  readonly targets: Selector;
}

export interface AllowedTargetOptions {
  readonly region: string;
  readonly inventory: Inventory;
  /** Every rule that is meant must hold. */
  readonly rules: readonly TargetRule[];
}

/** Call inside an activity only. Throws `TargetNotAllowed` (final) or `InventoryUnusable` (retried). */
export type AllowedTarget = (id: string) => Target;

export const createAllowedTarget =
  ({ region, inventory, rules }: AllowedTargetOptions): AllowedTarget =>
  (id) => {
    // The input of a run comes from outside and has no type at run time.
    if (typeof id !== 'string')
      throw permanent('TargetNotAllowed', `target ${JSON.stringify(id)} is no text, expected the id of a target`);
    const target = inventory.find(id, region);
    const run = runOf(Context.current());
    const broken = rules.find((rule) => isMeant(rule, run) && !matches(target, rule.targets));
    if (broken === undefined) return target;
    throw permanent(
      'TargetNotAllowed',
      `target ${id} of region ${region} is outside of what ${describeRule(broken)} may act upon: ${describeSelector(broken.targets)}`,
    );
  };

interface RunNames {
  readonly runbook: string;
  readonly trigger: string;
}

/** A run's id starts with the id of its trigger (R3); `by-hand` when an operator started it. */
function runOf({ info }: Context): RunNames {
  const [trigger = ''] = (info.workflowExecution?.workflowId ?? '').split('/', 1);
  return { runbook: info.workflowType ?? '', trigger };
}

const isMeant = ({ runbook, trigger }: TargetRule, run: RunNames): boolean =>
  (runbook === undefined || runbook === run.runbook) && (trigger === undefined || trigger === run.trigger);

const describeRule = ({ runbook, trigger }: TargetRule): string =>
  [runbook && `runbook ${runbook}`, trigger && `trigger ${trigger}`].filter(Boolean).join(' of ') || 'any runbook';
