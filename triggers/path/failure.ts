/** What an error of the path means for the message in hand; the one place where that is decided (R5). */
import { Conflict, LogFull, LogRefused, LogUnavailable, MessageRefused } from '../nats/errors.ts';
import { EngineUnavailable } from './engine.ts';

export type Meaning =
  /** A server is away, or refuses what every message needs: nothing will go better for any of them, so pulling pauses. */
  | 'pause'
  /** Another process was faster at this alert: give it back, the others go on. */
  | 'retry'
  /** Nothing that waiting explains: try again a few times, then bury the message with the reason. */
  | 'suspect';

export function meaningOf(error: unknown): Meaning {
  if (error instanceof MessageRefused) return 'suspect';
  if (PAUSING.some((kind) => error instanceof kind)) return 'pause';
  return error instanceof Conflict ? 'retry' : 'suspect';
}

const PAUSING = [LogUnavailable, LogFull, LogRefused, EngineUnavailable];
