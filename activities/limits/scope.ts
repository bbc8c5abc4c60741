/** Which limits a step comes under: names from the runbook become scopes, in the one order in which every run takes them. */
import type { LimitUse, StepFacts } from '../../workflows/kit/limit-use.ts';
import { permanent } from '../permanent.ts';
import type { LimitDefinition } from './definition.ts';

export interface Scoped {
  readonly definition: LimitDefinition;
  /** `service=checkout` */
  readonly scope: string;
  readonly value: string;
  /** Labels of the targets in the scope; null when it cannot be counted. */
  readonly labels: Readonly<Record<string, string>> | null;
}

/** Longer values are refused: they end up in workflow ids. */
const MAX_VALUE = 200;

/** Without doubles, by name and scope. Throws (final) for a limit that is not configured or a scope that the step does not have. */
export function scopesOf(
  uses: readonly LimitUse[],
  facts: StepFacts,
  definitions: readonly LimitDefinition[],
): readonly Scoped[] {
  const found = new Map<string, Scoped>();
  for (const use of uses) {
    const { limit, value } = typeof use === 'string' ? { limit: use, value: null } : use;
    const scoped = scopeOf(named(limit, definitions), value, facts);
    found.set(JSON.stringify([limit, scoped.scope]), scoped);
  }
  return [...found.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, scoped]) => scoped);
}

function named(name: string, definitions: readonly LimitDefinition[]): LimitDefinition {
  const definition = definitions.find((each) => each.name === name);
  if (definition !== undefined) return definition;
  const known = definitions.map((each) => each.name).join(', ') || 'none';
  throw permanent('LimitUnknown', `limit ${JSON.stringify(name)} is not configured; there are: ${known}`);
}

function scopeOf(definition: LimitDefinition, given: string | null, facts: StepFacts): Scoped {
  const { name, scope } = definition;
  if (scope === 'fleet') return { definition, scope: 'fleet', value: 'all', labels: {} };
  const own = scope === 'service' ? facts.service : scope === 'region' ? facts.region : null;
  const value = given ?? own;
  if (value === null || value === '' || value.length > MAX_VALUE)
    throw permanent(
      'LimitScopeUnknown',
      `limit ${name} is per ${scope}, and the step says ${JSON.stringify(value)}; expected limit('${name}', <1 to ${MAX_VALUE} characters>)`,
    );
  const label = scope.startsWith('label:') ? scope.slice('label:'.length) : scope;
  return { definition, scope: `${label}=${value}`, value, labels: scope === 'target' ? null : { [label]: value } };
}
