/**
 * May this effect happen now? Asked right before each: the stop file of this host, the control records of the regions this process acts
 * in, and whether those have been seen lately. In doubt the answer is no.
 */
import type { ControlWatch } from '../../triggers/path/control-watch.ts';
import { type Facts, type Stop, stopFor } from '../../triggers/path/stop.ts';
import { readStopFile } from './stop-file.ts';

export interface EffectGate {
  /** The stop that covers the effect in this region, or null. Never rejects. */
  stoppedBy(region: string, facts: Facts): Promise<Stop | null>;
}

export interface EffectGateOptions {
  readonly stopFile: string;
  readonly watchOf: (region: string) => Pick<ControlWatch, 'current' | 'ageMs'> | undefined;
  /** Null: a worker that is cut off goes on. */
  readonly failClosedAfterMs: number | null;
}

export const createEffectGate = (options: EffectGateOptions): EffectGate => ({
  stoppedBy: async (region, facts) => {
    const local = stopFor(await readStopFile(options.stopFile), facts);
    if (local !== null) return local;
    const watch = options.watchOf(region);
    return stopFor(watch?.current().stops ?? [], facts) ?? cutOff(watch?.ageMs() ?? Infinity, region, options);
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
