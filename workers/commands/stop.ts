/**
 * `tocsin stop`: the red button. The record of each region, written side by side, stops every worker that sees it; where one cannot be written
 * the stop file of this host does it for this host alone, and the command says what goes on in that region.
 */
import { type Control, MAX_STOPS } from '../../triggers/path/control.ts';
import { type Scope, type Stop, describeStop, parseScope } from '../../triggers/path/stop.ts';
import { type Config, chosenRegions, loadConfig } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { stopFilePath, writeStopFile } from '../red-button/stop-file.ts';
import { type Told, tellRuns } from '../red-button/tell-runs.ts';
import { type Unlogged, recordBrake } from '../record-act.ts';
import { userName } from '../user-name.ts';
import { type Missing, exitCodeOf, messageOf, missingFacts } from './region-answers.ts';
import { type CommonOptions, type Session, output, withSession } from './session.ts';

export interface StopCommand extends CommonOptions {
  /** All configured ones when empty. */
  readonly regions: readonly string[];
  readonly scope: string;
  readonly why: string;
  /** This host alone, by its stop file: neither NATS nor Temporal is asked. */
  readonly local: boolean;
}

/** A record that is not written by then gets a stop file beside it: two seconds are all there is. */
const PATIENCE_MS = 500;

export async function stop(options: StopCommand): Promise<number> {
  const config = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  const regions = chosenRegions(config, options.regions);
  const pressed: Stop = {
    scope: scopeOf(options.scope),
    why: options.why,
    by: userName(),
    at: new Date().toISOString(),
  };
  if (options.local) {
    const file = press(config, pressed);
    output(options, { stopped: pressed, file }, `${describeStop(pressed)}, on this host alone, by ${file}`);
    return EXIT.ok;
  }
  return withSession(options, (session) => stopByRecord(options, session, regions, pressed));
}

async function stopByRecord(
  options: StopCommand,
  session: Session,
  regions: readonly string[],
  pressed: Stop,
): Promise<number> {
  const local = new LocalStop(session.config, pressed);
  const { found: stopped, missing } = await session.inEach(regions, async ({ region, control }) => {
    await control.update((before) => withStop(before, pressed), change(pressed, 'stopped'));
    // The others may let on to be waited for.
    if (regions.length > 1) process.stderr.write(`${region} is stopped\n`);
    return region;
  });
  local.settle(missing.length > 0);
  if (missing.length > 0) process.stderr.write(`${notStopped(missing)}\n`);
  // After it: nothing may stand before the red button, and the control record names who pressed it as well.
  const unlogged = await recordBrake(session.log, stopped, { what: 'stop', where: pressed.scope, why: pressed.why });
  const told = stopped.length === 0 ? null : await tell(session, stopped, pressed);
  const facts = {
    stopped: pressed,
    regions: stopped,
    file: local.file,
    runs: told,
    ...(unlogged.length === 0 ? {} : { unlogged }),
  };
  const done =
    told === null
      ? []
      : [
          `${describeStop(pressed)}, in ${stopped.join(', ')}; no effect begins later than two seconds from now. ${wordsOf(told)}`,
          ...unlogged.map(notKept),
        ];
  if (missing.length > 0) {
    const failures = missingFacts(missing).map((each) => ({
      ...each,
      meanwhile: meanwhile(each.region, session.config),
    }));
    const lines = [notStopped(missing), ...done, ...failures.map((each) => each.meanwhile), `${local.words()}.`];
    output(options, { ...facts, failures }, lines.join('\n'));
    return exitCodeOf({ missing });
  }
  const note = local.file === null ? [] : [`${local.words()} as well, because the record took long`];
  output(options, facts, [...done, ...note].join('\n'));
  return unlogged.length === 0 ? EXIT.ok : EXIT.failed;
}

const notStopped = (missing: readonly Missing[]): string =>
  `NOT stopped everywhere: ${missingFacts(missing)
    .map(({ region, error }) => `${region}: ${error}`)
    .join('; ')}.`;

/** The line is how a record that is lost is missed. */
const notKept = ({ region, error }: Unlogged): string =>
  `${region}: stopped, but NOT in the operator log: ${error}. Were the control record of ${region} lost now, nobody would miss it, and effects would ` +
  'begin in what starts afterwards: give the same `tocsin stop` again until this line is gone.';

/** What happens where the record was not written: from here nobody knows which of its workers see it. */
function meanwhile(region: string, { redButton: { failClosedAfter } }: Config): string {
  const cutOff =
    failClosedAfter === 'never'
      ? 'those that are cut off from it go on as well (redButton.failClosedAfter: never)'
      : `those that are cut off from it refuse effects by themselves after ${failClosedAfter} (redButton.failClosedAfter)`;
  return (
    `${region}: workers that still see its control record go on, ${cutOff}. To stop them now: ` +
    `\`tocsin stop --local\` on each of their hosts, or \`tocsin stop --region ${region}\` from where its NATS answers.`
  );
}

/** The stop file, written when the record lets on to be waited for, or cannot be written. */
class LocalStop {
  file: string | null = null;
  #problem: string | null = null;
  readonly #press: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor(config: Config, pressed: Stop) {
    this.#press = () => {
      if (this.file !== null) return;
      try {
        this.file = press(config, pressed);
      } catch (error) {
        this.#problem = messageOf(error);
      }
    };
    this.#timer = setTimeout(this.#press, PATIENCE_MS);
  }

  settle(needed: boolean): void {
    clearTimeout(this.#timer);
    if (needed) this.#press();
  }

  words(): string {
    if (this.file !== null) return `this host is stopped by ${this.file}`;
    return `this host is not stopped either: its stop file cannot be written (${this.#problem ?? 'not tried'})`;
  }
}

function press(config: Config, { scope, why, by, at }: Stop): string {
  const file = stopFilePath(config);
  writeStopFile(file, scope, [why, by, at].filter((each) => each !== '').join(', '));
  return file;
}

/** Pressed twice it keeps its first moment: what was held since then belongs to it. */
function withStop(control: Control, pressed: Stop): Control {
  const before = control.stops.find(({ scope }) => scope === pressed.scope);
  const others = control.stops.filter((each) => each !== before);
  if (others.length >= MAX_STOPS)
    throw new CommandError(
      EXIT.refused,
      `${MAX_STOPS} scopes are stopped already; stop everything (without --scope), or resume some`,
    );
  return { ...control, stops: [...others, { ...pressed, at: before?.at ?? pressed.at }] };
}

const tell = (session: Session, regions: readonly string[], pressed: Stop): Promise<Told | string> =>
  session
    .temporal()
    .then((temporal) => tellRuns(temporal, { scope: pressed.scope, regions, stop: pressed }))
    .catch(messageOf);

const wordsOf = (told: Told | string): string =>
  typeof told === 'string'
    ? `Open runs could not be told (${told}); their effects are refused all the same.`
    : `${told.told} open runs were told${told.missed === 0 ? '' : `, ${told.missed} were not reached`}.`;

/** Rejects with exit code 2. */
export function scopeOf(text: string): Scope {
  const scope = parseScope(text);
  if (scope !== null && !/\s#|^\s|\s$|[\r\n]/.test(scope)) return scope;
  throw new CommandError(
    EXIT.refused,
    `scope ${JSON.stringify(text)} is none; expected label=value, as service=checkout`,
  );
}

export const change = ({ scope, why, by, at }: Stop, what: string) => ({
  at,
  by,
  why,
  trigger: null,
  what: `${scope} ${what}`,
});
