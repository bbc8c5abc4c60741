/**
 * Audits answers to approvals that were refused: each is counted, and of each run the first few have a line in the operator log of its
 * region. It never holds up a run, and a flood of garbage can fill neither memory nor log: what is over a bound is only counted.
 */
import type { Logger } from 'pino';
import type { Act } from '../triggers/path/operator-log.ts';
import type { RefusedAnswer } from '../workflows/kit/refused-answers.ts';

export interface RefusedAnswersOptions {
  /** Stores one line in a region's operator log. */
  readonly append: (region: string, act: Act) => Promise<unknown>;
  readonly count: (answer: Pick<RefusedAnswer, 'decision' | 'refusal'>) => void;
  readonly logger: Pick<Logger, 'error'>;
  /** Host and process. */
  readonly instance: string;
  /** Ms, of a clock that only goes on. */
  readonly now?: () => number;
}

export type TellRefused = (workflowId: string, answer: RefusedAnswer) => void;

const LINES_PER_RUN = 10;
const LINES_PER_HOUR = 200;
/** The runs whose lines are counted; of more, those without an attempt for longest start anew. */
const MAX_RUNS = 1_000;
const HOUR_MS = 3_600_000;

export function createRefusedAnswers(options: RefusedAnswersOptions): TellRefused {
  const { append, count, logger, instance, now = () => performance.now() } = options;
  const linesOf = new Map<string, number>();
  let [hourEnds, linesThisHour] = [0, 0];
  // One after the other; the lines of an hour bound how many wait.
  let tail: Promise<unknown> = Promise.resolve();

  const lineOf = (workflowId: string): number | null => {
    if (now() >= hourEnds) [hourEnds, linesThisHour] = [now() + HOUR_MS, 0];
    const line = (linesOf.get(workflowId) ?? 0) + 1;
    if (line > LINES_PER_RUN || linesThisHour >= LINES_PER_HOUR) return null;
    linesThisHour += 1;
    linesOf.delete(workflowId);
    linesOf.set(workflowId, line);
    const [oldest] = linesOf.keys();
    if (linesOf.size > MAX_RUNS && oldest !== undefined) linesOf.delete(oldest);
    return line;
  };
  return (workflowId, answer) => {
    count(answer);
    const line = lineOf(workflowId);
    if (line === null) return;
    const { decision, refusal, detail, region } = answer;
    const last = line === LINES_PER_RUN ? '; further ones of this run are only counted' : '';
    const act = {
      by: `somebody, told by ${instance}`,
      what: `answer refused (${refusal})`,
      where: `run ${workflowId}`,
      why: `${decision}: ${detail}${last}`,
    };
    tail = tail.then(() =>
      append(region, act).catch((error: unknown) =>
        logger.error({ err: error, workflowId, ...answer }, 'a refused answer has no line in the operator log'),
      ),
    );
  };
}
