/** What a listed runbook uses, by the file it is written in. */
import { type ListedRunbook, sourceOf } from './front-door.ts';
import { type RunbookUses, runbookUses } from './runbook-uses.ts';

/** Null when the file is not there or does not parse: the bundler says what is wrong with it. */
export function usesOf(runbook: ListedRunbook): RunbookUses | null {
  try {
    return runbookUses(sourceOf(runbook));
  } catch {
    return null;
  }
}
