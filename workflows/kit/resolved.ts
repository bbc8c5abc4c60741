/** Thrown between steps to leave the procedure when its alert is resolved; never leaves the kit. */
export class ResolvedMeanwhile extends Error {
  override readonly name = 'ResolvedMeanwhile';
}
