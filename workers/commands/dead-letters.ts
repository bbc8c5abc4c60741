/** `tocsin dead-letters`: what could not be dispatched, with its reason; put back or thrown away by an operator. */
import { isRequest } from '../../triggers/path/dead-letters.ts';
import type { StoredDeadLetter } from '../../triggers/path/ports.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { recordAct } from '../record-act.ts';
import type { RegionPath } from '../region-path.ts';
import { exitCodeOf, missingFacts, missingLines, someOf } from './region-answers.ts';
import { type CommonOptions, type Session, output, withSession } from './session.ts';

export interface DeadLetterCommand extends CommonOptions {
  readonly region?: string;
}

/** What a letter is named by: its number is unique within its region only. */
const nameOf = (region: string, { id }: StoredDeadLetter): string => `${region}/${id}`;
const MAX_SHOWN = 4_000;

/** A region that fails decides the exit code, 3 when it is away; the letters of the others are listed all the same. */
export const listDeadLetters = (options: DeadLetterCommand): Promise<number> =>
  withSession(options, async (session) => {
    const { found, missing } = someOf(await session.readEach([options.region], named));
    const letters = found.flat();
    const lines = letters.map(
      ({ name, letter }) =>
        `${name}  ${new Date(letter.storedAt).toISOString()}  ${letter.trigger || '(every trigger)'}  ${letter.reason}: ${letter.message}`,
    );
    output(
      options,
      [...letters.map(({ name, letter }) => toJson(name, letter)), ...missingFacts(missing)],
      [...(lines.length === 0 ? ['no dead letters'] : lines), ...missingLines(missing)].join('\n'),
    );
    return exitCodeOf({ missing });
  });

interface Named {
  readonly name: string;
  readonly letter: StoredDeadLetter;
}

async function named({ region, deadLetters }: RegionPath): Promise<Named[]> {
  const letters: Named[] = [];
  for await (const letter of deadLetters.list()) letters.push({ name: nameOf(region, letter), letter });
  return letters;
}

export const showDeadLetter = (options: DeadLetterCommand, name: string): Promise<number> =>
  withSession(options, async (session) => {
    const { path, id } = await locate(session, name);
    const letter = await path.deadLetters.show(id);
    if (letter === null) throw notThere(name);
    const { stream, sequence, subject } = letter.original;
    const text = [
      `${name}: ${letter.reason}`,
      letter.message,
      `trigger: ${letter.trigger || '(every trigger)'}`,
      isRequest(letter)
        ? `request: POST ${subject}, kept by ${letter.recordedBy}`
        : `event:   ${stream} #${sequence} on ${subject}, delivered ${letter.deliveryCount} times, buried by ${letter.recordedBy}`,
      '',
      Buffer.from(letter.data).toString('utf8').slice(0, MAX_SHOWN),
    ];
    output(options, toJson(name, letter), text.join('\n'));
    return EXIT.ok;
  });

export const redriveDeadLetter = (options: DeadLetterCommand, name: string): Promise<number> =>
  withSession(options, async (session) => {
    const { path, id } = await locate(session, name);
    const letter = await path.deadLetters.show(id);
    if (letter === null) throw notThere(name);
    if (isRequest(letter))
      throw new CommandError(
        EXIT.refused,
        `${name} is a request that never became an event; save its body (\`dead-letters show ${name} --json\`), mend it, and send it with \`tocsin emit\``,
      );
    await recordAct(path.log, [path.region], { what: 'redrive', where: `dead letter ${name}` });
    await path.deadLetters.redrive(id);
    output(options, { redriven: name }, `${name} is put back; its triggers decide again`);
    return EXIT.ok;
  });

export const discardDeadLetter = (options: DeadLetterCommand, name: string): Promise<number> =>
  withSession(options, async (session) => {
    const { path, id } = await locate(session, name);
    if ((await path.deadLetters.show(id)) === null) throw notThere(name);
    await recordAct(path.log, [path.region], { what: 'discard', where: `dead letter ${name}` });
    await path.deadLetters.discard(id);
    output(options, { discarded: name }, `${name} is gone; its record stays in the ledger`);
    return EXIT.ok;
  });

/** Opens the region of the letter, and no other. */
async function locate(session: Session, name: string): Promise<{ readonly path: RegionPath; readonly id: number }> {
  const [, region = '', id] = /^([a-z0-9-]+)\/(\d+)$/.exec(name) ?? [];
  const [path] = session.config.regions.includes(region) ? await session.paths(region) : [];
  if (path === undefined || id === undefined)
    throw new CommandError(
      EXIT.refused,
      `${JSON.stringify(name)} names no dead letter; expected <region>/<number> as \`dead-letters list\` prints it`,
    );
  return { path, id: Number(id) };
}

const notThere = (name: string): CommandError =>
  new CommandError(EXIT.failed, `dead letter ${name} is not there: redriven, discarded or expired`);

const toJson = (name: string, { data, ...letter }: StoredDeadLetter): unknown => ({
  name,
  ...letter,
  data_base64: Buffer.from(data).toString('base64'),
});
