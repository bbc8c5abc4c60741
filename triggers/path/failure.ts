/** What an error of the path means for the message in hand; the one place where that is decided (R5). */
import { Conflict, LogFull, LogUnavailable } from '../nats/errors.ts';
import { EngineUnavailable } from './engine.ts';

export type Meaning =
  /** A server is away: nothing will go better for any message, so pulling pauses. */
  | 'pause'
  /** Another process was faster at this alert: give it back, the others go on. */
  | 'retry'
  /** Nothing that waiting explains: try again a few times, then bury the message with the reason. */
  | 'suspect';

export function meaningOf(error: unknown): Meaning {
  if (error instanceof LogUnavailable || error instanceof LogFull || error instanceof EngineUnavailable) return 'pause';
  return error instanceof Conflict ? 'retry' : 'suspect';
}
