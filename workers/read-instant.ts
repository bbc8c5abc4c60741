/** Instants as commands take them. */
import { CalendarError } from '../activities/calendar/calendar-error.ts';
import { readInstantText } from '../activities/calendar/instant-text.ts';
import { CommandError, EXIT } from './exit-code.ts';

/** Seconds since 1970, of RFC 3339; now when none is given. Throws CommandError, with the name of the option. */
export function readInstant(option: string, text: string | undefined): number {
  if (text === undefined) return Math.floor(Date.now() / 1_000);
  try {
    return readInstantText(text);
  } catch (error) {
    if (!(error instanceof CalendarError)) throw error;
    throw new CommandError(EXIT.refused, `${option}: ${error.message}`, error);
  }
}
