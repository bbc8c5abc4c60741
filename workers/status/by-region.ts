/** For sections about regions: one whose server is away is named, and hides nothing of the others. */
import { exitCodeOf, missingFacts, missingLines, someOf } from '../commands/region-answers.ts';
import type { Session } from '../commands/session.ts';
import type { RegionPath } from '../region-path.ts';
import type { SectionReport } from './section.ts';

/** Rejects when no region answers: then the section is not known at all. */
export async function byRegion<T>(
  session: Session,
  look: (path: RegionPath) => Promise<T>,
  report: (found: readonly T[]) => SectionReport & { readonly facts: readonly unknown[] },
): Promise<SectionReport> {
  const { found, missing } = someOf(await session.inEach([], look));
  const { lines, facts, bad } = report(found);
  return {
    lines: [...lines, ...missingLines(missing)],
    facts: [...facts, ...missingFacts(missing)],
    bad: bad || missing.length > 0,
    exitCode: exitCodeOf({ missing }),
  };
}
