/** A pause that differs from run to run and is the same for one run whenever it is asked. */
import { createHash } from 'node:crypto';

/** From 0 up to, and without, the smaller of `mostMs` and `slackMs`. */
export function jitterOf(seed: string, mostMs: number, slackMs: number): number {
  const range = Math.max(0, Math.min(mostMs, slackMs));
  return Math.floor((createHash('sha256').update(seed).digest().readUInt32BE() / 2 ** 32) * range);
}
