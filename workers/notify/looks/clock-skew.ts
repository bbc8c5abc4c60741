/** A server's clock that goes otherwise than ours. The measure is kept as a metric, too. */
import type { Look } from '../watch.ts';

export interface ClockLookOptions {
  readonly server: 'nats' | 'temporal';
  /** Its clock less ours, ms; null when it does not say. */
  readonly measure: () => Promise<number | null>;
  readonly maxSkewMs: number;
  readonly onMeasured: (aheadMs: number) => void;
  readonly now?: () => number;
}

export const clockLook = ({ server, measure, maxSkewMs, onMeasured, now = Date.now }: ClockLookOptions): Look => ({
  name: `clock of ${server}`,
  look: async () => {
    const aheadMs = await measure();
    if (aheadMs === null) return [];
    onMeasured(aheadMs);
    if (Math.abs(aheadMs) <= maxSkewMs) return [];
    const skew = `${(Math.abs(aheadMs) / 1_000).toFixed(1)} s ${aheadMs < 0 ? 'behind' : 'ahead of'}`;
    return [
      {
        key: `clock/${server}`,
        severity: 'warning',
        title: `the clock of ${server} is ${skew} ours`,
        text: 'Fresh events may count as stale and old ones as fresh.\nlook: tocsin doctor',
        link: null,
        at: now(),
      },
    ];
  },
});
