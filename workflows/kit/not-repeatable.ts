/**
 * A step that must not be repeated: tried once; when nobody knows what came of it, a human says. What the activity itself calls final is
 * known, and so is what never began; everything else that goes wrong is in doubt. What its worker put off, undone, is made again without a human.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  TimeoutFailure,
  patched,
  sleep,
} from '@temporalio/workflow';
import type { Answer, AskOptions } from './ask-human.ts';
import { ESCALATED } from './escalated.ts';
import { isNotBegun, neverBegan } from './never-began.ts';
import { standIn } from './record-calls.ts';
import { type RefusedCall, latest } from './step-activities.ts';
import { workflowTime } from './workflow-time.ts';

const DONE = 'done';
const AGAIN = 'not done';
const GIVE_UP = 'give up';
/** Humans are asked at most as often about one step. */
const MAX_TRIES = 5;
/** Pauses before what was put off is made again: the first, and the longest to which they double. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Runs of before asked about it. */
const PUT_OFF = 'put-off-is-made-again';

export interface NotRepeatable<T> {
  readonly title: string;
  /** What is put off is made again for as long, from when it first was. */
  readonly totalMs: number;
  /** `again`: the call of before, for its key to stay the same. */
  readonly attempt: (again?: RefusedCall) => Promise<T>;
  /** Rejects when the run ends instead, and as failure AnswerExpired. */
  readonly ask: (question: string, options: AskOptions<string>) => Promise<Answer>;
  /** What it returns when a human says that it was done. */
  readonly assumed: (() => T) | null;
}

/** Rejects as failure Escalated when the human gives up, and with what `attempt` and `ask` reject with. */
export async function notRepeatable<T>({ title, totalMs, attempt, ask, assumed }: NotRepeatable<T>): Promise<T> {
  let again: RefusedCall | undefined;
  for (let tries = 1; ; tries += 1) {
    try {
      return await untilBegun(attempt, again, totalMs);
    } catch (error) {
      const lost = callInDoubt(error);
      if (lost === null) throw error;
      if (tries >= MAX_TRIES) throw escalated(`"${title}" was tried ${MAX_TRIES} times and is still in doubt`, error);
      again = lost;
      const answer = await ask(`was this done? ${title} (${why(error)})`, { choices: [DONE, AGAIN, GIVE_UP] }).catch(
        (failure: unknown) => nobodyToAsk(title, error, failure),
      );
      if (answer.choice === DONE) return (assumed ?? (() => nobodySaid<T>(title)))();
      if (answer.choice === GIVE_UP) throw escalated(`${answer.person} gave up "${title}"${because(answer)}`, error);
    }
  }
}

/** Rejects as `attempt` does; as it was put off last when there is no time left. */
async function untilBegun<T>(
  attempt: NotRepeatable<T>['attempt'],
  before: RefusedCall | undefined,
  totalMs: number,
): Promise<T> {
  let deadline: number | undefined;
  let again = before;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS))
    try {
      return await attempt(again);
    } catch (error) {
      if (!isNotBegun(error)) throw error;
      deadline ??= workflowTime() + totalMs;
      if (workflowTime() + pauseMs >= deadline || !patched(PUT_OFF)) throw error;
      const putOff = { type: error.activityType, id: error.activityId ?? '', untouched: neverBegan(error) };
      again = latest(putOff, again);
      await sleep(pauseMs);
    }
}

/** The call nobody knows about; null when it is known that it did nothing, or what it did. */
function callInDoubt(error: unknown): RefusedCall | null {
  if (!(error instanceof ActivityFailure) || CancellationScope.current().consideredCancelled) return null;
  if (isNotBegun(error) && patched(PUT_OFF)) return null;
  const { cause } = error;
  if (cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START') return null;
  if (cause instanceof ApplicationFailure && cause.nonRetryable === true) return null;
  return { type: error.activityType, id: error.activityId ?? '' };
}

/** A key ring without a usable key leaves it to whoever reads the failure. */
function nobodyToAsk(title: string, error: unknown, failure: unknown): never {
  if (!(failure instanceof ActivityFailure) || CancellationScope.current().consideredCancelled) throw failure;
  throw escalated(
    `whether "${title}" was done is not known (${why(error)}), and nobody could be asked: ${why(failure)}; a human has to look`,
    error,
  );
}

const MAX_WHY = 300;
const why = (error: unknown): string =>
  String(error instanceof Error && error.cause instanceof Error ? error.cause.message : error)
    .replaceAll(/\s+/g, ' ')
    .slice(0, MAX_WHY);
const because = ({ reason }: Answer): string => (reason === '' ? '' : `: ${reason}`);

const nobodySaid = <T>(title: string): T =>
  standIn(() => {
    throw escalated(
      `a human said that "${title}" was done, and the runbook needs what it returned: it has no \`assumed\``,
    );
  }) as T;

const escalated = (message: string, cause?: unknown): ApplicationFailure =>
  ApplicationFailure.create({
    type: ESCALATED,
    message,
    nonRetryable: true,
    ...(cause instanceof Error ? { cause } : {}),
  });
