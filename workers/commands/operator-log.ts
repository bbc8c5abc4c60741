/** `tocsin operator-log list | verify`: who did what, and whether the log is still whole. */
import { createOperatorLog } from '../../triggers/path/operator-log.ts';
import { chosenRegions } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface OperatorLogCommand extends CommonOptions {
  readonly region?: string;
}

export const listActs = (options: OperatorLogCommand): Promise<number> =>
  withSession(options, async (session) => {
    const log = await session.log(options.region);
    const acts = [];
    for (const region of chosenRegions(session.config, [options.region]))
      for await (const line of createOperatorLog(log, region).read()) acts.push({ region, ...line });
    const lines = acts.map(
      ({ region, number, at, by, what, where, why }) =>
        `${region} ${number}  ${at}  ${by}: ${what} ${where}${why === '' ? '' : ` (${why})`}`,
    );
    output(options, acts, lines.join('\n') || 'nobody has done anything yet');
    return EXIT.ok;
  });

/** `head`: `<number>:<hash>` of an earlier verification, of one region. Exit code 1 when something is wrong. */
export const verifyActs = (options: OperatorLogCommand & { readonly head?: string }): Promise<number> =>
  withSession(options, async (session) => {
    const regions = chosenRegions(session.config, [options.region]);
    if (options.head !== undefined && regions.length > 1)
      throw new CommandError(EXIT.refused, '--head belongs to one region, expected --region too');
    const log = await session.log(...regions);
    const found = [];
    for (const region of regions)
      found.push({ region, ...(await createOperatorLog(log, region).verify(options.head)) });
    const lines = found.flatMap(({ region, lines: count, head, problems }) => [
      `${problems.length === 0 ? 'ok ' : 'BAD'} ${region}: ${count} lines, head ${head}`,
      ...problems.map((problem) => `  ${problem}`),
    ]);
    output(options, found, lines.join('\n'));
    return found.every(({ problems }) => problems.length === 0) ? EXIT.ok : EXIT.failed;
  });
