/** What the regions answer when each is asked by itself: one whose server is away hides nothing of the others, and is named. */
import { EXIT } from '../exit-code.ts';
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

/** The same answers. Rejects as the first region did when none answers: then nothing is known. */
export function someOf<T>(answers: RegionAnswers<T>): RegionAnswers<T> {
  const [first] = answers.missing;
  if (answers.found.length === 0 && first !== undefined) throw first.error;
  return answers;
}

/** For machines. */
export const missingFacts = (missing: readonly Missing[]): { readonly region: string; readonly error: string }[] =>
  missing.map(({ region, error }) => ({ region, error: messageOf(error) }));

export const missingLines = (missing: readonly Missing[]): string[] =>
  missingFacts(missing).map(({ region, error }) => `${region}: NOT KNOWN: ${error}`);

/** Exit code 3 when a region is missing: the same command may know more later. */
export const exitCodeOf = ({ missing }: Pick<RegionAnswers<unknown>, 'missing'>): number =>
  missing.length === 0 ? EXIT.ok : EXIT.unavailable;

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
