/** `tocsin held list | release`: events that a pause, the red button or a loop has kept from starting a run, and how one is let go. */
import { heldAlerts } from '../../triggers/path/held.ts';
import { putBack } from '../../triggers/path/put-back.ts';
import { durationMs } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { recordAct } from '../record-act.ts';
import type { RegionPath } from '../region-path.ts';
import { exitCodeOf, missingFacts, missingLines, someOf } from './region-answers.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface HeldCommand extends CommonOptions {
  readonly regions: readonly string[];
  /** How far back. */
  readonly since: string;
}

/** A region that fails decides the exit code, 3 when it is away; what the others hold is listed all the same. */
export const listHeld = (options: HeldCommand): Promise<number> =>
  withSession(options, async (session) => {
    const since = Date.now() - durationMs(options.since);
    const { found, missing } = someOf(
      await session.readEach(options.regions, async (path) =>
        (await heldAlerts(path, { since })).map((alert) => ({
          name: `${path.region}/${alert.newest.sequence}`,
          ...alert,
        })),
      ),
    );
    const held = found.flat();
    const lines = held.map(
      ({ name, key, trigger, reason, state, count, last, detail }) =>
        `${name}  ${key}  ${trigger}  held(${reason}), ${state}, ${count} times until ${last}\n    ${detail}`,
    );
    const text = lines.length === 0 ? ['nothing is held'] : lines;
    output(options, [...held, ...missingFacts(missing)], [...text, ...missingLines(missing)].join('\n'));
    return exitCodeOf({ missing });
  });

/** `name`: `region/sequence`, as the list shows it. Its triggers decide again; a pause or the red button still hold it. */
export const releaseHeld = (options: CommonOptions, name: string): Promise<number> =>
  withSession(options, async (session) => {
    const { path, sequence } = await named(name, (region) => session.paths(region));
    const found = (await heldAlerts(path, { since: 0 })).filter(({ newest }) => newest.sequence === sequence);
    if (found.length === 0)
      throw new CommandError(EXIT.refused, `nothing is held under ${name}; \`tocsin held list\` shows what is`);
    await recordAct(path.log, [path.region], { what: 'release', where: `held ${name}` });
    const released: string[] = [];
    for (const { newest, trigger } of found) {
      if (!(await putBack(path.log, { position: newest, trigger }, Date.now())))
        throw new CommandError(EXIT.failed, `the event ${name} has expired and cannot be put back`);
      released.push(trigger);
    }
    output(options, { released: name, triggers: released }, `${name} is put back for ${released.join(', ')}`);
    return EXIT.ok;
  });

async function named(
  name: string,
  paths: (region: string) => Promise<readonly RegionPath[]>,
): Promise<{ path: RegionPath; sequence: number }> {
  const [, region, sequence] = /^([a-z0-9-]+)\/(\d{1,15})$/.exec(name) ?? [];
  const [path] = region === undefined ? [] : await paths(region);
  if (path !== undefined) return { path, sequence: Number(sequence) };
  throw new CommandError(EXIT.refused, `${JSON.stringify(name)} names nothing held; expected region/number, as eu/12`);
}
