/**
 * `tocsin resume`: lifts a stop, lists what it held, and does with that what the operator says. Killed at any point and given again, it goes on
 * where it was: the record keeps a lifted stop until its backlog is decided, and putting an event back twice starts nothing twice.
 */
import { existsSync } from 'node:fs';
import type { Backlog, Control } from '../../triggers/path/control.ts';
import { putBack } from '../../triggers/path/put-back.ts';
import type { Scope, Stop } from '../../triggers/path/stop.ts';
import { chosenRegions } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { type BacklogEntry, backlogText, listBacklog, stillOpen } from '../red-button/backlog.ts';
import { type Rate, paced } from '../red-button/paced.ts';
import { clearStopFile, stopFilePath } from '../red-button/stop-file.ts';
import { tellRuns } from '../red-button/tell-runs.ts';
import type { RegionPath } from '../region-path.ts';
import { recordAct } from '../record-act.ts';
import { userName } from '../user-name.ts';
import { type Missing, exitCodeOf, messageOf, missingFacts, missingLines, someOf } from './region-answers.ts';
import { type CommonOptions, type Session, output, withSession } from './session.ts';
import { change, scopeOf } from './stop.ts';

/** What becomes of the backlog; `list`: nothing yet. */
export type Decision =
  | { readonly kind: 'list' | 'discard' }
  /** One run for each alert that is still open. */
  | { readonly kind: 'merge' }
  | { readonly kind: 'release'; readonly rate: Rate };

export interface ResumeCommand extends CommonOptions {
  readonly regions: readonly string[];
  readonly scope: string;
  readonly why: string;
  readonly local: boolean;
  readonly decision: Decision;
}

/** Processes look once a second. */
const TAKES_EFFECT_MS = 2_500;
const MAX_BACKLOGS = 50;
/** Stops of one scope that wait for a decision together. */
const MAX_PRESSED = 50;
/** Pace of `merge`. */
const AT_ONCE: Rate = { count: 50, perMs: 1_000 };

export const resume = (options: ResumeCommand): Promise<number> =>
  withSession(options, async (session) => {
    const scope = scopeOf(options.scope);
    const regions = chosenRegions(session.config, options.regions);
    const file = stopFilePath(session.config);
    if (options.local) {
      const cleared = clear(file, scope);
      output(
        options,
        { resumed: scope, cleared },
        cleared ? 'resumed on this host' : `no stop file stops ${scope} here`,
      );
      return cleared ? EXIT.ok : EXIT.refused;
    }
    const { found, missing } = someOf(await session.inEach(regions, (path) => lift(options, path, scope)));
    const pending = found.flatMap((each) => each.pending ?? []);
    // After the records: where one cannot be reached nothing is resumed, and the file may be all that stops this host there.
    const cleared = missing.length === 0 && clear(file, scope);
    if (!cleared && pending.length === 0) throw nothingToResume(found, missing, scope);
    if (pending.some(({ lifted }) => lifted)) await new Promise((resolve) => setTimeout(resolve, TAKES_EFFECT_MS));
    const resumed = found.map(({ region }) => region);
    const runs = await tell(session, scope, resumed);
    const backlog = await listBacklog(pending, () => session.runs()).catch(notListed(scope));
    process.stderr.write(`${backlogText(backlog)}\n`);
    const done = await decide(options.decision, pending, backlog);
    output(
      options,
      { resumed: scope, regions: resumed, missing: missingFacts(missing), runs, backlog, ...done },
      [`${scope} is resumed in ${resumed.join(', ')}. ${done.words}`, ...notResumed(missing, scope, file)].join('\n'),
    );
    return Math.max(exitCodeOf({ missing }), done.expired === 0 ? EXIT.ok : EXIT.failed);
  });

function clear(file: string, scope: Scope): boolean {
  const cleared = clearStopFile(file, scope) === 'cleared';
  if (cleared) process.stderr.write(`the stop file of this host (${file}) no longer stops ${scope}\n`);
  return cleared;
}

const notResumed = (missing: readonly Missing[], scope: Scope, file: string): string[] =>
  missing.length === 0
    ? []
    : [
        ...missingFacts(missing).map(({ region, error }) => `NOT resumed in ${region}: ${error}`),
        ...(existsSync(file)
          ? [`This host stays stopped by ${file}; \`tocsin resume --local\` lifts ${scope} here alone.`]
          : []),
        exitCodeOf({ missing }) === EXIT.unavailable
          ? 'Give the command again when they answer.'
          : 'Give the command again when this is mended.',
      ];

interface Pending {
  readonly path: RegionPath;
  readonly backlog: Backlog;
  /** Just now, not by an earlier call. */
  readonly lifted: boolean;
}

interface Lifted {
  readonly region: string;
  /** What is stopped there still. */
  readonly stops: readonly Stop[];
  /** Null: there is nothing to decide. */
  readonly pending: Pending | null;
}

/** Take the stop out of the record, and keep its time until its backlog is decided. */
async function lift({ why, decision }: ResumeCommand, path: RegionPath, scope: Scope): Promise<Lifted> {
  await recordAct(path.log, [path.region], { what: `resume, then ${decision.kind}`, where: scope, why });
  const at = new Date().toISOString();
  let lifted = false;
  const { stops, backlogs } = await path.control.update(
    (before) => {
      const next = withoutStop(before, scope);
      lifted = next !== null;
      return next;
    },
    change({ scope, why, by: userName(), at }, 'resumed'),
  );
  const backlog = backlogs.find((each) => each.scope === scope);
  return { region: path.region, stops, pending: backlog === undefined ? null : { path, backlog, lifted } };
}

function withoutStop(control: Control, scope: Scope): Control | null {
  const stop = control.stops.find((each) => each.scope === scope);
  if (stop === undefined) return null;
  const earlier = control.backlogs.find((each) => each.scope === scope);
  const backlog: Backlog = { scope, pressedAt: [...(earlier?.pressedAt ?? []), stop.at].slice(-MAX_PRESSED) };
  const others = control.backlogs.filter((each) => each !== earlier);
  return {
    ...control,
    stops: control.stops.filter((each) => each !== stop),
    backlogs: [...others, backlog].slice(-MAX_BACKLOGS),
  };
}

function nothingToResume(found: readonly Lifted[], missing: readonly Missing[], scope: Scope): CommandError {
  const stopped = [...new Set(found.flatMap(({ stops }) => stops.map((each) => each.scope)))];
  const words =
    stopped.length === 0 ? 'nothing is stopped' : `stopped are ${stopped.join(', ')}; name one with --scope`;
  const refused = `${scope} is not stopped here, and has no backlog: ${words}`;
  if (missing.length === 0) return new CommandError(EXIT.refused, refused);
  const regions = found.map(({ region }) => region).join(', ');
  return new CommandError(exitCodeOf({ missing }), [`in ${regions} ${refused}`, ...missingLines(missing)].join('\n'));
}

const tell = async (session: Session, scope: Scope, regions: readonly string[]) => {
  try {
    return await tellRuns(await session.temporal(), { scope, regions, stop: null });
  } catch (error) {
    process.stderr.write(`open runs could not be told (${messageOf(error)}); they try again within five minutes\n`);
    return null;
  }
};

/** What nobody has seen is not decided; the record keeps it. */
const notListed =
  (scope: Scope) =>
  (error: unknown): never => {
    const why = `${scope} is resumed, but its backlog cannot be listed: ${messageOf(error)}`;
    throw new CommandError(EXIT.unavailable, `${why}; give the command again`, error);
  };

interface Done {
  readonly words: string;
  readonly released: number;
  /** Gone from the stream before they could be put back. */
  readonly expired: number;
}

async function decide(
  decision: Decision,
  pending: readonly Pending[],
  backlog: readonly BacklogEntry[],
): Promise<Done> {
  const open = stillOpen(backlog);
  if (decision.kind === 'list' && open.length > 0) {
    const words = `${open.length} alerts wait for a decision: give the command again with --discard, --merge or --release 10/m.`;
    return { words, released: 0, expired: 0 };
  }
  let expired = 0;
  const release = decision.kind === 'merge' || decision.kind === 'release';
  if (release) {
    for await (const { region, newest, trigger, key, after } of paced(
      open,
      decision.kind === 'release' ? decision.rate : AT_ONCE,
    )) {
      const { path } = pending.find((each) => each.path.region === region) ?? { path: null };
      if (path === null) continue;
      const there = await putBack(
        path.log,
        { position: newest, trigger, ...(after === undefined ? {} : { after }) },
        Date.now(),
      );
      if (!there) expired += 1;
      process.stderr.write(`${there ? 'put back' : 'EXPIRED'}  ${region}  ${key}  for ${trigger}\n`);
    }
  }
  const words = release ? `${open.length - expired} alerts were put back.` : `${open.length} alerts were discarded.`;
  await forget(pending, words);
  return {
    words: open.length === 0 ? 'Nothing is left to decide.' : words,
    released: release ? open.length - expired : 0,
    expired,
  };
}

async function forget(pending: readonly Pending[], words: string): Promise<void> {
  for (const { path, backlog } of pending)
    await path.control.update(
      (before) => ({
        ...before,
        // Another stop of the scope may have been lifted meanwhile; that one is still to be decided.
        backlogs: before.backlogs.filter(
          ({ scope, pressedAt }) => scope !== backlog.scope || pressedAt.length > backlog.pressedAt.length,
        ),
      }),
      change({ scope: backlog.scope, why: words, by: userName(), at: new Date().toISOString() }, 'backlog decided'),
    );
}
