/** The same procedure in every region of the configuration, side by side; a region that is dead is one result among the others. */
import { type FanOutOptions, type Part, fanOut } from './fan-out.ts';
import type { Run } from './run.ts';

/**
 * Regions are those of the moment the run started. Give each a child run (`run.child`) when its part has several steps, so that it undoes alone.
 * @example const parts = await everyRegion(run, (there, region) => there.child('flushCache', { service }, { title: `flush ${region}` }));
 */
export const everyRegion = <Acts, Value>(
  run: Run<Acts>,
  each: (there: Run<Acts>, region: string) => Promise<Value>,
  options: FanOutOptions = {},
): Promise<readonly Part<string, Value>[]> =>
  fanOut(
    Object.keys(run.context.regions ?? { [run.context.region]: {} }),
    (region) => each(run.onRegion(region), region),
    options,
  );
