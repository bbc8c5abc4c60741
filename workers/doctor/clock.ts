/** A clock that goes wrong makes fresh events stale and old ones fresh. */
import { type Finding, error, ok, warning } from './finding.ts';

/** Below what NTP keeps easily, above what a slow round trip can feign. */
export const SKEW_WARN_MS = 1_000;
/** The reorder bound and approval expiries are of this order. */
const SKEW_ERROR_MS = 10_000;

export function clockFinding(server: string, aheadMs: number | null): Finding {
  if (aheadMs === null)
    return warning(`${server} does not tell its time`, 'compare its clock by hand (chronyc tracking)');
  const skew = Math.abs(aheadMs);
  const text = `the clock of ${server} is ${Math.round(skew)} ms ${aheadMs < 0 ? 'behind' : 'ahead of'} this host's`;
  if (skew < SKEW_WARN_MS) return ok(text);
  const remedy = 'let NTP set both clocks (chronyc tracking, timedatectl)';
  return skew < SKEW_ERROR_MS ? warning(text, remedy) : error(text, remedy);
}
