/** How a run ends whose alert is resolved before it was done, under policy `cancel`. */

/** Thrown between steps to leave the procedure; never leaves the kit. */
export class ResolvedMeanwhile extends Error {
  override readonly name = 'ResolvedMeanwhile';
}

/** Result of such a run. */
export interface ResolvedReport {
  readonly outcome: 'resolved-meanwhile';
  readonly undone: readonly string[];
}

/** Of a child: it was told as this run was. */
export const isResolvedReport = (report: unknown): report is ResolvedReport =>
  (report as Partial<ResolvedReport> | null | undefined)?.outcome === 'resolved-meanwhile';
