/**
 * May this effect happen now? Asked right before each: the stop file of this host, the control records of the region it acts in and of the
 * one it is meant for, and whether those have been seen lately. In doubt the answer is no.
 */
import type { ControlWatch } from '../../triggers/path/control-watch.ts';
import { type Facts, type Stop, stopFor } from '../../triggers/path/stop.ts';
import { readStopFile } from './stop-file.ts';

export interface EffectGate {
  /**
   * The stop that covers the effect, or null. Never rejects. `regions`: where it acts, and for which it is meant if that is another; a stop
   * may be stored in either.
   */
  stoppedBy(regions: readonly string[], facts: Facts): Promise<Stop | null>;
}

export interface EffectGateOptions {
  readonly stopFile: string;
  readonly watchOf: (region: string) => Pick<ControlWatch, 'current' | 'ageMs'> | undefined;
  /** Null: a worker that is cut off goes on. */
  readonly failClosedAfterMs: number | null;
}

export const createEffectGate = (options: EffectGateOptions): EffectGate => ({
  stoppedBy: async (regions, facts) => {
    const local = stopFor(await readStopFile(options.stopFile), facts);
    if (local !== null) return local;
    for (const region of regions) {
      const watch = options.watchOf(region);
      const stop = stopFor(watch?.current().stops ?? [], facts) ?? cutOff(watch?.ageMs() ?? Infinity, region, options);
      if (stop !== null) return stop;
    }
    return null;
  },
});

function cutOff(ageMs: number, region: string, { failClosedAfterMs }: EffectGateOptions): Stop | null {
  if (failClosedAfterMs === null || ageMs <= failClosedAfterMs) return null;
  const since = ageMs === Infinity ? 'since it started' : `for ${Math.round(ageMs / 1_000)} s`;
  return {
    scope: 'all',
    why: `cut off: the control record of region ${region} was not seen ${since}`,
    by: 'this worker',
    at: new Date().toISOString(),
  };
}
