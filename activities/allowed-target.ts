/**
 * The one door through which a step comes to its target: what an event names is looked up in the inventory of this worker's region, and
 * must be within what the run's runbook and trigger are allowed to act upon. Checked here, on the worker, before anything is done.
 */
import { Context } from '@temporalio/activity';
import type { Inventory } from './inventory/inventory.ts';
import { type Selector, describeSelector, matches } from './inventory/selector.ts';
import type { Target } from './inventory/target.ts';
import { meantRegion } from './meant-region.ts';
import { permanent } from './permanent.ts';

/** Narrows what the runs of a runbook, of a trigger, or of a runbook started by a trigger may act upon. Those of no name are all meant. */
export interface TargetRule {
  readonly runbook?: string;
  readonly trigger?: string;
  readonly targets: Selector;
}

export interface AllowedTargetOptions {
  readonly region: string;
  /** Regions for which it may act while they have no worker. */
  readonly alsoFor?: readonly string[];
  readonly inventory: Inventory;
  /** Every rule that is meant must hold. */
  readonly rules: readonly TargetRule[];
}

/** Call inside an activity only. Throws `TargetNotAllowed` (final) or `InventoryUnusable` (retried). */
export type AllowedTarget = (id: string) => Target;

export const createAllowedTarget =
  (options: AllowedTargetOptions): AllowedTarget =>
  (id) => {
    const { inventory, rules } = options;
    // The input of a run comes from outside and has no type at run time.
    if (typeof id !== 'string')
      throw permanent('TargetNotAllowed', `target ${JSON.stringify(id)} is no text, expected the id of a target`);
    const target = inventory.find(id, regionMeant(options));
    const run = runOf(Context.current());
    const broken = rules.find((rule) => isMeant(rule, run) && !matches(target, rule.targets));
    if (broken === undefined) return target;
    throw permanent(
      'TargetNotAllowed',
      `target ${id} of region ${target.region} is outside of what ${describeRule(broken)} may act upon: ${describeSelector(broken.targets)}`,
    );
  };

/** An id may be there in both: the region that is meant decides which of them. */
function regionMeant({ region, alsoFor = [] }: AllowedTargetOptions): string {
  const meant = meantRegion() ?? region;
  if (meant === region || alsoFor.includes(meant)) return meant;
  throw permanent(
    'TargetNotAllowed',
    `this step is for region ${meant}, and workers of ${region} act for ${[region, ...alsoFor].join(', ')} only`,
  );
}

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
