/**
 * Decisions of a run that ask what time it is, by the clock of a server that skips time. The server stands still while a run waits for one, so it is
 * asked right before each: what was true when a test last looked is hours behind once time has been skipped.
 */
type Decision = (input: never) => unknown;

/** `create`: gives the decisions, which ask `now` only while one of them is made. */
export function inVirtualTime<Decisions extends object>(
  virtualNow: () => Promise<number>,
  create: (now: () => number) => Decisions,
): Decisions {
  let aheadMs = 0;
  const timed = Object.entries(create(() => Date.now() + aheadMs)).map(([name, decide]: [string, Decision]) => [
    name,
    async (input: never): Promise<unknown> => {
      aheadMs = (await virtualNow()) - Date.now();
      return decide(input);
    },
  ]);
  return Object.fromEntries(timed) as Decisions;
}
