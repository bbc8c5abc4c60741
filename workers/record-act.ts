/** Called by every command by which a person changes something. */
import { hostname } from 'node:os';
import type { EventLog } from '../triggers/nats/port.ts';
import { createOperatorLog } from '../triggers/path/operator-log.ts';
import type { Config } from './config.ts';
import { userName } from './user-name.ts';

export interface ActRequest {
  readonly what: string;
  /** What it is done to. */
  readonly where: string;
  readonly why?: string;
}

/** One line in each region's log, before the act. Rejects when a line cannot be stored; then the command must not act. */
export async function recordAct(log: EventLog, regions: readonly string[], request: ActRequest): Promise<void> {
  const act = { why: '', ...request, by: `${userName()}@${hostname()}` };
  for (const region of regions) await createOperatorLog(log, region).append(act);
}

export interface Unlogged {
  readonly region: string;
  readonly error: string;
}

/** For what ends effects: a log that cannot be written is told on stderr, and does not stand in its way. Resolves to where the line is missing. */
export async function recordBrake(
  log: (region: string) => Promise<EventLog>,
  regions: readonly string[],
  request: ActRequest,
): Promise<readonly Unlogged[]> {
  const record = async (region: string): Promise<readonly Unlogged[]> => {
    try {
      await recordAct(await log(region), [region], request);
      return [];
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      process.stderr.write(`the operator log of ${region} could not be written: ${why}
`);
      return [{ region, error: why }];
    }
  };
  return (await Promise.all(regions.map(record))).flat();
}

/** Whose log has the line about a run: that of its region, or of the first one when it names none that is configured. */
export function regionOfAct(config: Config, region: string | null): readonly string[] {
  const known = config.regions.filter((each) => each === region);
  return known.length > 0 ? known : config.regions.slice(0, 1);
}
