/** The question of a run whose window does not open in time. Whoever may answer a run may decide; nobody means no. */
import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { Answer, AskOptions } from './ask-human.ts';

const ACT = 'run now';
const WAIT = 'wait';
const GIVE_UP = 'give up';
/** Of the reason; a question is bounded. */
const MAX_WHY_CHARS = 800;

export type SaidAboutWindow =
  | { readonly choice: 'act'; readonly by: string; readonly failure?: undefined }
  | { readonly choice: 'wait'; readonly failure?: undefined; readonly by?: undefined }
  | { readonly choice: 'give up'; readonly failure: string; readonly by?: undefined };

/** `none`: what does not open, and why. Rejects as `ask` does when the run ends instead; a key ring without a usable key gives up. */
export async function askAboutWindow(
  none: string,
  ask: (question: string, options: AskOptions<string>) => Promise<Answer>,
): Promise<SaidAboutWindow> {
  const question = `${none.slice(0, MAX_WHY_CHARS)}: act outside of the window now, wait on, or give up?`;
  try {
    const { choice, person, reason } = await ask(question, { choices: [ACT, WAIT, GIVE_UP], otherwise: GIVE_UP });
    if (choice === ACT) return { choice: 'act', by: person ?? 'nobody' };
    if (choice === WAIT) return { choice: 'wait' };
    const because = reason === '' ? '' : ` (${reason})`;
    return {
      choice: 'give up',
      failure: `${none} ${person === null ? 'Nobody answered' : `${person} gave up`}${because}`,
    };
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const cause = error.cause?.message ?? error.message;
    return { choice: 'give up', failure: `${none} Nobody could be asked: ${cause}` };
  }
}
