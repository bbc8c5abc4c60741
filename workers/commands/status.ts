/**
 * `tocsin status [--watch]`: one screen of what matters now. Exit code 0: nothing needs anybody; 1: something does; 2: a server or a region
 * refuses us; 3: a server is away.
 */
import { EXIT } from '../exit-code.ts';
import { failureOf } from '../failure-of.ts';
import { inTime } from '../in-time.ts';
import type { SectionReport, StatusSection } from '../status/section.ts';
import { sections } from '../status/sections.ts';
import { type CommonOptions, type Session, output, withSession } from './session.ts';

export interface StatusCommand extends CommonOptions {
  readonly watch: boolean;
}

const EVERY_MS = 2_000;
/** Bound on one section: a server that hangs must not hide what the other one says. */
const LOOK_MS = 8_000;
const CLEAR = '\u001b[2J\u001b[H';

export async function status(options: StatusCommand): Promise<number> {
  if (!options.watch) return screen(options);
  for (;;) {
    // Connections of its own each time: one that comes back is seen, one that went away is said.
    await screen(options, process.stdout.isTTY ? CLEAR : '');
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

type Looked = SectionReport & { readonly name: string; readonly error: string | null };

const screen = (options: StatusCommand, before = ''): Promise<number> =>
  withSession(options, async (session) => {
    const looked = await Promise.all(sections.map((section) => lookAt(section, session)));
    const at = new Date().toISOString();
    const facts = Object.fromEntries(
      looked.map(({ name, facts: own, bad, error }) => [name, { bad, error, facts: own }]),
    );
    const text = looked.flatMap(({ name, lines, bad }) => [
      `${bad ? '✖' : '✔'} ${name}`,
      ...lines.map((line) => `    ${line}`),
    ]);
    output(options, { at, ...facts }, `${before}tocsin  ${at}\n${text.join('\n')}`);
    if (looked.some(({ exitCode }) => exitCode === EXIT.refused)) return EXIT.refused;
    const servers = looked.find(({ name }) => name === 'servers');
    if (servers?.bad === true) return servers.exitCode ?? EXIT.unavailable;
    return looked.some(({ bad }) => bad) ? EXIT.failed : EXIT.ok;
  });

async function lookAt({ name, look }: StatusSection, session: Session): Promise<Looked> {
  try {
    return { name, error: null, ...(await inTime(look(session), LOOK_MS)) };
  } catch (failure) {
    const error = session.refusal(failure) ?? failure;
    const why = error instanceof Error ? error.message : String(error);
    return {
      name,
      error: why,
      lines: `not known: ${why}`.split('\n'),
      facts: null,
      bad: true,
      exitCode: failureOf(error).exitCode,
    };
  }
}
