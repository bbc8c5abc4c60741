/** The control record as this process last saw it, looked up again and again: a change takes effect within a moment. */
import type { Logger } from 'pino';
import { type Control, type ControlStore, ControlUnreadable, NO_CONTROL } from './control.ts';
import { lossIn } from './lost-control.ts';

export interface ControlWatch {
  /** Look now, and go on looking. Rejects when it cannot be read now: nothing may be decided before it was. */
  start(): Promise<void>;
  current(): Control;
  /** How long ago it was seen, ms; Infinity before the first time. */
  ageMs(): number;
  close(): void;
}

const LOOK_EVERY_MS = 1_000;

export function createControlWatch(
  store: Pick<ControlStore, 'read'>,
  logger: Logger,
  everyMs: number = LOOK_EVERY_MS,
): ControlWatch {
  let control = NO_CONTROL;
  let seen: Instants | null = null;
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let unreadable = false;
  let closed = false;
  const read = async (): Promise<void> => {
    const asked = instants();
    const next = await store.read();
    unreadable = false;
    seen = asked;
    const loss = lossIn(next);
    if (loss !== null && lossIn(control) === null) logger.error({ why: loss.why }, 'everything is stopped');
    if (hasVanished(next, control)) logger.error('the control record is gone; what was decided last still holds');
    else control = next;
  };
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      await read();
    } catch (error) {
      if (error instanceof ControlUnreadable && !unreadable) logger.error({ err: error }, 'effects are refused soon');
      // Without the log nothing is decided either, and the record is read again before that changes.
      else logger.debug({ err: error }, 'the control record could not be read');
      unreadable = error instanceof ControlUnreadable;
    } finally {
      looking = false;
    }
  };
  return {
    start: async () => {
      if (!closed) timer ??= setInterval(() => void look(), everyMs);
      await read();
    },
    current: () => control,
    ageMs: () => (seen === null ? Infinity : ageOf(seen)),
    close: () => {
      closed = true;
      clearInterval(timer);
    },
  };
}

/** A record always has a change once it was written: without any it is gone, with the operator log that would tell so. That is no permission. */
const hasVanished = (next: Control, before: Control): boolean => next.changes.length === 0 && before.changes.length > 0;

interface Instants {
  readonly wall: number;
  readonly monotonic: number;
}

const instants = (): Instants => ({ wall: Date.now(), monotonic: performance.now() });

/** By the clock that went further: one may have been set back, the other stands still while a machine sleeps. */
const ageOf = (then: Instants): number => {
  const now = instants();
  return Math.max(now.wall - then.wall, now.monotonic - then.monotonic);
};
