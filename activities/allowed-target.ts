/**
 * The one door through which a step comes to its target: what an event names is looked up in the inventory of this worker's region, and
 * must be within what the run's runbook and trigger are allowed to act upon. Checked here, on the worker, before anything is done.
 */
import { Context } from '@temporalio/activity';
import type { Inventory } from './inventory/inventory.ts';
import type { Target } from './inventory/target.ts';
import { meantRegion } from './meant-region.ts';
import { permanent } from './permanent.ts';
import { type TargetRule, brokenRule, describeRule, triggerOf } from './target-rule.ts';

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
    const { workflowType = '', workflowExecution } = Context.current().info;
    const run = { runbook: workflowType, trigger: triggerOf(workflowExecution?.workflowId ?? '') };
    const broken = brokenRule(rules, run, target);
    if (broken === undefined) return target;
    throw permanent(
      'TargetNotAllowed',
      `target ${id} of region ${target.region} is outside of ${describeRule(broken)}`,
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
