/** Which of two messages of a stream came first. */
import type { Position } from './disposition.ts';

export const isSame = (a: Position, b: Position): boolean =>
  a.stream === b.stream && a.sequence === b.sequence && a.storedAt === b.storedAt;

/** Both sequence and time say so: a stream made anew (sequences restart) or a clock set back alone must not lose an alert. */
export const isOlder = (a: Position, b: Position): boolean => a.sequence < b.sequence && a.storedAt <= b.storedAt;
