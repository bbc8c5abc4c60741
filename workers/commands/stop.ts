/**
 * `tocsin stop`: the red button. The record of each region stops every worker that sees it; where NATS cannot be reached the stop file of this
 * host does it for this host alone, and the command says so.
 */
import { type Control, MAX_STOPS } from '../../triggers/path/control.ts';
import { type Scope, type Stop, describeStop, parseScope } from '../../triggers/path/stop.ts';
import { type Config, chosenRegions, loadConfig } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { stopFilePath, writeStopFile } from '../red-button/stop-file.ts';
import { type Told, tellRuns } from '../red-button/tell-runs.ts';
import { recordBrake } from '../record-act.ts';
import { userName } from '../user-name.ts';
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
  const failures: string[] = [];
  try {
    for (const { region, control } of await session.paths(...regions))
      await control
        .update((before) => withStop(before, pressed), change(pressed, 'stopped'))
        .catch((error: unknown) => failures.push(`${region}: ${messageOf(error)}`));
  } catch (error) {
    failures.push(messageOf(error));
  }
  local.settle(failures.length > 0);
  if (failures.length > 0) {
    const text =
      `NOT stopped everywhere: ${failures.join('; ')}.\n` +
      `${local.words()}. Workers on other hosts that see no control record either stop by themselves after ` +
      `redButton.failClosedAfter (${session.config.redButton.failClosedAfter}); to stop them now: \`tocsin stop --local\` there.`;
    output(options, { stopped: pressed, file: local.file, failures }, text);
    return EXIT.unavailable;
  }
  // After it: nothing may stand before the red button, and the control record names who pressed it as well.
  await recordBrake(session.log, regions, { what: 'stop', where: pressed.scope, why: pressed.why });
  const told = await tell(session, regions, pressed);
  const note = local.file === null ? '' : `\n${local.words()} as well, because the record took long`;
  output(
    options,
    { stopped: pressed, regions, file: local.file, runs: told },
    `${describeStop(pressed)}, in ${regions.join(', ')}; no effect begins later than two seconds from now. ${wordsOf(told)}${note}`,
  );
  return EXIT.ok;
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

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
