/** `tocsin operator-log list | verify`: who did what by hand, and whether anybody has changed that record since. */
import { CommandError, EXIT } from '../exit-code.ts';
import type { ActLine } from '../../triggers/path/operator-log.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface OperatorLogCommand extends CommonOptions {
  readonly region?: string;
}

export const listActs = (options: OperatorLogCommand & { readonly last: string }): Promise<number> =>
  withSession(options, async (session) => {
    const most = Number(options.last);
    if (!Number.isInteger(most) || most < 1)
      throw new CommandError(EXIT.refused, `--last ${options.last}; expected a number of lines`);
    const regions = [];
    for (const { region, operatorLog } of await session.paths(options.region)) {
      let acts: ActLine[] = [];
      for await (const line of operatorLog.read()) acts = [...acts, line].slice(-most);
      regions.push({ region, acts });
    }
    const lines = regions.flatMap(({ region, acts }) =>
      acts.map(
        ({ index, at, by, what, on, why }) =>
          `${region}  ${index}  ${at}  ${by}  ${what}  ${on}${why === '' ? '' : `  (${why})`}`,
      ),
    );
    output(options, regions, lines.length === 0 ? 'nothing was done by hand' : lines.join('\n'));
    return EXIT.ok;
  });

/** Exit code 1 when a line is changed, missing or cut off, or `expect` is not in the chain. */
export const verifyActs = (options: OperatorLogCommand & { readonly expect?: string }): Promise<number> =>
  withSession(options, async (session) => {
    const verdicts = [];
    for (const { region, operatorLog } of await session.paths(options.region)) {
      const verdict = await operatorLog.verify();
      const found = options.expect === undefined || (await holds(operatorLog.read(), options.expect));
      verdicts.push({ region, ...verdict, found });
    }
    // A hash stands in the chain of one region.
    const expected = verdicts.some(({ found }) => found);
    const lines = verdicts.flatMap(({ region, lines: count, head, problems }) => [
      `${problems.length === 0 ? 'ok ' : 'BAD'} ${region}: ${count} lines, head ${head}`,
      ...problems.map(({ kind, message }) => `  ${kind}: ${message}`),
    ]);
    if (!expected) lines.push(`BAD no line has hash ${options.expect}: what was noted then has been replaced`);
    output(options, { regions: verdicts, expected }, lines.join('\n'));
    return expected && verdicts.every(({ problems }) => problems.length === 0) ? EXIT.ok : EXIT.failed;
  });

async function holds(lines: AsyncIterable<ActLine>, hash: string): Promise<boolean> {
  for await (const line of lines) if (line.hash === hash) return true;
  return false;
}
