/**
 * Lets requests that are made in one turn of the event loop leave together, in one write: a write to a socket costs more than a request,
 * and the client flushes after the first of them. A request waits at most until the turn is over.
 */
let turn: Promise<void> | undefined;

export const sameTurn = (): Promise<void> =>
  (turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined;
      resolve();
    });
  }));
