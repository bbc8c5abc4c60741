/**
 * Limits and windows that runbooks ask for and the configuration does not have. Without the limit a step fails with `LimitUnknown`; without
 * the window it waits, closed by doubt, and fails at its bound. Nothing is done in either case, and this is said before the night.
 */
import type { Trigger } from '../triggers/define-trigger.ts';
import type { Config } from './config-schema.ts';
import type { ListedRunbook } from './front-door.ts';
import type { Use } from './runbook-uses.ts';
import { usesOf } from './uses-of.ts';

/** Of the runbooks that a trigger starts: one that is only there needs no configuration. */
export function useProblems(
  runbooks: readonly ListedRunbook[],
  triggers: readonly Pick<Trigger, 'run'>[],
  { limits, windows }: { readonly limits: readonly { readonly name: string }[]; readonly windows: Config['windows'] },
): string[] {
  const started = new Set(triggers.map(({ run }) => run));
  const limitNames = limits.map(({ name }) => name);
  const found = runbooks
    .filter(({ name }) => started.has(name))
    .flatMap((runbook) => {
      const uses = usesOf(runbook);
      if (uses === null) return [];
      return [...unknown('limit', uses.limits, limitNames), ...unknown('window', uses.windows, Object.keys(windows))];
    });
  // Two runbooks of one file say the same.
  return [...new Set(found)];
}

const unknown = (kind: string, uses: readonly Use[], there: readonly string[]): string[] =>
  uses
    .filter(({ name }) => !there.includes(name))
    .map(
      ({ name, file, line }) =>
        `${file}:${line}: ${kind} ${JSON.stringify(name)} is not configured, expected one of ${there.join(', ') || '(none is there)'}`,
    );
