/** `tocsin trigger list | mode | pause | resume`: what operators decide about triggers while everything runs. */
import type { Trigger } from '../../triggers/define-trigger.ts';
import { type Change, type Pause, type TriggerControl, controlOf } from '../../triggers/path/control.ts';
import { type Mode, MODES } from '../../triggers/mode.ts';
import { describeStop } from '../../triggers/path/stop.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { recordAct } from '../record-act.ts';
import type { RegionPath } from '../region-path.ts';
import { userName } from '../user-name.ts';
import { exitCodeOf, missingFacts, missingLines, someOf } from './region-answers.ts';
import { type CommonOptions, type Session, output, withSession } from './session.ts';
import { project } from '../project.ts';

export interface TriggerCommand extends CommonOptions {
  /** All configured ones when empty. */
  readonly regions: readonly string[];
}

export interface ChangeCommand extends TriggerCommand {
  readonly id: string;
  readonly why: string;
}

/** A region that fails decides the exit code, 3 when it is away; the others are listed all the same. */
export const listTriggers = (options: TriggerCommand): Promise<number> =>
  withSession(options, async (session) => {
    const { found, missing } = someOf(
      await session.inEach(options.regions, async ({ region, control }) => {
        const current = await control.read();
        return {
          region,
          triggers: project.triggers.map((trigger) => ({
            id: trigger.id,
            run: trigger.run,
            ...controlOf(current, trigger),
          })),
          stops: current.stops,
          changes: current.changes,
        };
      }),
    );
    const lines = found.flatMap(({ region, triggers, stops, changes }) => [
      ...stops.map((stop) => `${region}  RED BUTTON: ${describeStop(stop)}`),
      ...triggers.map(
        ({ id, mode, paused, run }) =>
          `${region}  ${id}  ${mode}${paused === null ? '' : `, paused (${paused})`}  runs ${run}`,
      ),
      ...changes
        .slice(-MAX_SHOWN)
        .map(
          ({ at, by, trigger, what, why }) =>
            `    ${at} ${by}: ${trigger ?? 'red button'}: ${what}${why === '' ? '' : ` (${why})`}`,
        ),
    ]);
    output(options, [...found, ...missingFacts(missing)], [...lines, ...missingLines(missing)].join('\n'));
    return exitCodeOf({ missing });
  });

const MAX_SHOWN = 5;

export function setMode(options: ChangeCommand, mode: string): Promise<number> {
  if (!isMode(mode))
    throw new CommandError(
      EXIT.refused,
      `mode ${JSON.stringify(mode)} is unknown; expected one of ${MODES.join(', ')}`,
    );
  return change(options, { mode }, `mode ${mode}`);
}

const isMode = (text: string): text is Mode => (MODES as readonly string[]).includes(text);

export const pauseTrigger = (options: ChangeCommand, pause: Pause): Promise<number> =>
  change(options, { paused: pause }, `paused (${pause})`);

/** Processes look once a second. */
const TAKES_EFFECT_MS = 2_500;
/** Between an operator's clock and a server's. */
const CLOCK_SKEW_MS = 60_000;

/** Starts from now on; what was held since the last pause began is listed, and started by nobody. */
export const resumeTrigger = (options: ChangeCommand): Promise<number> =>
  withSession(options, async (session) => {
    const trigger = named(options.id);
    const paths = await session.paths(...options.regions);
    await record(session, paths, options, 'resume');
    for (const path of paths) await path.control.change(trigger, { paused: null }, describe(options, 'resumed'));
    // Until every process has looked, some still hold.
    await new Promise((resolve) => setTimeout(resolve, TAKES_EFFECT_MS));
    const backlog = [];
    for (const path of paths) {
      const { pausedAt } = controlOf(await path.control.read(), trigger);
      if (pausedAt !== null) backlog.push(...(await heldBy(trigger, path, pausedAt - CLOCK_SKEW_MS)));
    }
    const lines = backlog.map(({ region, sequence, title, detail }) => `  ${region} #${sequence} ${title}: ${detail}`);
    const text =
      lines.length === 0 ? 'nothing was held meanwhile' : `held meanwhile, and not started:\n${lines.join('\n')}`;
    output(options, { resumed: trigger.id, backlog }, `${trigger.id} is resumed; ${text}`);
    return EXIT.ok;
  });

async function heldBy(trigger: Trigger, { region, ledger }: RegionPath, since: number) {
  const held = [];
  for await (const record of ledger.read({ since })) {
    if (record.kind !== 'event') continue;
    for (const each of record.dispositions)
      if (each.trigger === trigger.id && each.kind === 'held' && each.reason === 'paused')
        held.push({
          region,
          sequence: record.position.sequence,
          title: record.event.title ?? record.event.type,
          detail: each.detail,
        });
  }
  return held;
}

const change = (
  options: ChangeCommand,
  next: Partial<Pick<TriggerControl, 'mode' | 'paused'>>,
  what: string,
): Promise<number> =>
  withSession(options, async (session: Session) => {
    const trigger = named(options.id);
    const paths = await session.paths(...options.regions);
    for (const { control } of paths) await control.begin({ ...describe(options, what), why: '' });
    await record(session, paths, options, what);
    for (const { control } of paths) await control.change(trigger, next, describe(options, what));
    const regions = paths.map(({ region }) => region);
    output(
      options,
      { trigger: trigger.id, ...next, regions },
      `${trigger.id}: ${what} in ${regions.join(', ')}, within two seconds`,
    );
    return EXIT.ok;
  });

function named(id: string): Trigger {
  const found = project.triggers.find((trigger) => trigger.id === id);
  if (found !== undefined) return found;
  const known = project.triggers.map((trigger) => trigger.id).join(', ');
  throw new CommandError(EXIT.refused, `trigger ${JSON.stringify(id)} is unknown; expected one of ${known}`);
}

const describe = ({ id, why }: ChangeCommand, what: string): Change => ({
  at: new Date().toISOString(),
  by: userName(),
  trigger: id,
  what,
  why,
});

const record = async (
  session: Session,
  paths: readonly RegionPath[],
  { id, why }: ChangeCommand,
  what: string,
): Promise<void> => {
  const regions = paths.map(({ region }) => region);
  await recordAct(await session.log(...regions), regions, { what, where: `trigger ${id}`, why });
};
