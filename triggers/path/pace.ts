/** The pace of a backlog: so many starts in a minute, each event with its turn, so that hours of alerts do not act within seconds. */
import type { Position } from './disposition.ts';

export interface Pace {
  /** 0: it is this event's turn. Else how long until then, ms; the turn is kept for it. */
  waitMs(position: Position): number;
}

/** Not an error: the event's turn has not come. It is given back, and comes again by then. */
export class NotItsTurn extends Error {
  override readonly name = 'NotItsTurn';
  readonly waitMs: number;
  constructor(waitMs: number) {
    super(`one of a backlog: its turn comes in ${waitMs} ms`);
    this.waitMs = waitMs;
  }
}

/** Turns at once before the pace counts. */
const BURST = 10;
/** Turns kept: more than the lanes of a region ever hold back. */
const MAX_TURNS = 4_000;
/** An event that has not come this long after its turn was settled otherwise: its alert resolved, or another process took it. */
const LAPSED_MS = 600_000;

/** `now`: ms by a clock that nobody sets back, or a whole backlog would wait for the time that was taken away. */
export function createPace(perMinute: number, now: () => number): Pace {
  const everyMs = 60_000 / perMinute;
  const turns = new Map<string, number>();
  let next = -Infinity;
  /** In the order of their turns. */
  const forgetLapsed = (): void => {
    for (const [key, turn] of turns) {
      if (turn > now() - LAPSED_MS) return;
      turns.delete(key);
    }
  };
  return {
    waitMs: ({ stream, sequence }) => {
      const key = `${stream}/${sequence}`;
      const kept = turns.get(key);
      const turn = kept ?? Math.max(next, now() - (BURST - 1) * everyMs);
      const waitMs = Math.max(0, Math.ceil(turn - now()));
      if (kept === undefined) forgetLapsed();
      // Turns without number would be turns that nobody remembers: the rest asks again when these are over.
      if (kept === undefined && waitMs > 0 && turns.size >= MAX_TURNS) return waitMs;
      if (kept === undefined) next = turn + everyMs;
      if (waitMs === 0) turns.delete(key);
      else turns.set(key, turn);
      return waitMs;
    },
  };
}
