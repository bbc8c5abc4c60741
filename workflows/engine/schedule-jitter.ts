/** How long after its instant the event of a schedule is published, ms: below the jitter, and always the same for one instant. */
export const jitterOf = (schedule: string, due: number, jitterSeconds: number): number =>
  spread(`${schedule} ${due}`, jitterSeconds * 1_000);

/** From 0 to below `bound`, the same for the same text: many schedules of one instant must not act at once (FNV-1a, 32 bits). */
function spread(text: string, bound: number): number {
  let hash = 0x811c_9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x0100_0193);
  return (hash >>> 0) % bound;
}
