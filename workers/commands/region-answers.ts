/** What the regions answer when each is asked by itself: one that fails hides nothing of the others, and is named with its reason. */
import { CommandError, EXIT } from '../exit-code.ts';
import { failureOf } from '../failure-of.ts';
import { inTime } from '../in-time.ts';

export interface Missing {
  readonly region: string;
  readonly error: unknown;
}

export interface RegionAnswers<T> {
  /** In the order of the regions, as `missing`. */
  readonly found: readonly T[];
  readonly missing: readonly Missing[];
}

/** Bound on one region, its connection included; the connection alone may take five seconds to say why it fails. */
const REGION_MS = 6_000;

/** Asks them side by side; never rejects. */
export const askEach = <T>(
  regions: readonly string[],
  ask: (region: string) => Promise<T>,
): Promise<RegionAnswers<T>> => answersOf(regions, (region) => inTime(ask(region), REGION_MS));

/** The same, where the work may be long: the bound is on what it begins with, `reach`. */
export const readEach = <Reached, T>(
  regions: readonly string[],
  reach: (region: string) => Promise<Reached>,
  work: (reached: Reached) => Promise<T>,
): Promise<RegionAnswers<T>> => answersOf(regions, async (region) => work(await inTime(reach(region), REGION_MS)));

async function answersOf<T>(
  regions: readonly string[],
  ask: (region: string) => Promise<T>,
): Promise<RegionAnswers<T>> {
  const found: T[] = [];
  const missing: Missing[] = [];
  const answers = await Promise.allSettled(regions.map(ask));
  for (const [index, answer] of answers.entries())
    if (answer.status === 'fulfilled') found.push(answer.value);
    else missing.push({ region: regions[index] ?? '', error: answer.reason });
  return { found, missing };
}

/** The same answers. Rejects when no region answers: then nothing is known. */
export function someOf<T>(answers: RegionAnswers<T>): RegionAnswers<T> {
  const { found, missing } = answers;
  const [first] = missing;
  if (found.length > 0 || first === undefined) return answers;
  // One server may be that of all of them.
  if (new Set(missing.map(({ error }) => reasonOf(error).text)).size === 1) throw first.error;
  throw new CommandError(exitCodeOf(answers), missingLines(missing).join('\n'));
}

export interface MissingFact {
  readonly region: string;
  readonly error: string;
  /** As of a command about this region alone. */
  readonly exitCode: number;
}

/** For machines. */
export const missingFacts = (missing: readonly Missing[]): MissingFact[] =>
  missing.map(({ region, error }) => {
    const { exitCode, text } = reasonOf(error);
    return { region, error: text, exitCode };
  });

const WORDS: ReadonlyMap<number, string> = new Map([
  [EXIT.unavailable, 'NOT KNOWN'],
  [EXIT.refused, 'REFUSED'],
]);

export const missingLines = (missing: readonly Missing[]): string[] =>
  missingFacts(missing).map(({ region, error, exitCode }) => `${region}: ${WORDS.get(exitCode) ?? 'FAILED'}: ${error}`);

/** Of two codes the later one counts: as long as something is there that waiting does not mend, 3 would promise too much. */
const FROM_GOOD_TO_BAD: readonly number[] = [EXIT.ok, EXIT.unavailable, EXIT.failed, EXIT.refused];

/** Exit code 3 when regions are missing and all of them may answer later; else that of the one that is mended by a human only. */
export const exitCodeOf = ({ missing }: Pick<RegionAnswers<unknown>, 'missing'>): number => {
  const ranks = missing.map(({ error }) => FROM_GOOD_TO_BAD.indexOf(reasonOf(error).exitCode));
  return FROM_GOOD_TO_BAD[Math.max(0, ...ranks)] ?? EXIT.failed;
};

function reasonOf(error: unknown): { readonly exitCode: number; readonly text: string } {
  const { exitCode, message } = failureOf(error);
  const text =
    message instanceof Error
      ? `${String(message)} (nobody expected this: the same command with --region for this region alone says where it happens)`
      : String(message);
  return { exitCode, text };
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
