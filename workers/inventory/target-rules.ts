/** Who may act upon which targets: the rules of the configuration, and those that triggers bring along. */
import type { TargetRule } from '../../activities/target-rule.ts';
import type { Trigger } from '../../triggers/define-trigger.ts';
import type { InventoryConfig } from './inventory-schema.ts';

export interface RuleNames {
  readonly triggers: readonly Trigger[];
  readonly runbooks: readonly string[];
}

export const targetRules = ({ allow }: Pick<InventoryConfig, 'allow'>, triggers: readonly Trigger[]): TargetRule[] => [
  ...allow,
  ...triggers.flatMap(({ id, targets }) => (targets === undefined ? [] : [{ trigger: id, targets }])),
];

/** A rule for a name that does not exist would restrict nothing, silently; so it is a mistake. */
export const ruleProblems = ({ allow }: InventoryConfig, { triggers, runbooks }: RuleNames): string[] => [
  ...allow.flatMap(({ runbook, trigger }, index) => [
    ...(runbook === undefined || runbooks.includes(runbook)
      ? []
      : [`/inventory/allow/${index}/runbook: ${runbook} is unknown; expected one of ${runbooks.join(', ')}`]),
    ...(trigger === undefined || triggers.some(({ id }) => id === trigger)
      ? []
      : [
          `/inventory/allow/${index}/trigger: ${trigger} is unknown; expected one of ${triggers.map(({ id }) => id).join(', ')}`,
        ]),
  ]),
  ...triggers.flatMap(({ id, targets }) =>
    targets === undefined || Object.keys(targets).length > 0
      ? []
      : [`trigger ${id}: targets is empty; name at least one label, or leave it out to allow every target`],
  ),
];
