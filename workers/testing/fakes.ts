/** Activities of a test: typed by the runbook they stand in for. */

/** Answers in place of the activities of `Acts`; one that is called and not there fails the run permanently. */
export type Fakes<Acts> = {
  readonly [Name in keyof Acts]?: Acts[Name] extends (input: infer Input) => Promise<infer Result>
    ? (input: Input) => Result | Promise<Result>
    : never;
};

/**
 * The answers of one activity, one per call; the last one is given again. An Error is thrown: the step is tried again as its policy says.
 *
 * @example resolves: observeService: answers(new Error('connection refused'), sick, healthy)
 */
export function answers<Result>(...given: readonly [Result | Error, ...(Result | Error)[]]): () => Result {
  let next = 0;
  return () => {
    const answer = given[Math.min(next, given.length - 1)] as Result | Error;
    next += 1;
    if (answer instanceof Error) throw answer;
    return answer;
  };
}
