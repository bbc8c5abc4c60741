/** A length of time as people say it, in one unit. */
import ms from 'ms';

export const ago = (lengthMs: number): string => ms(Math.max(0, Math.round(lengthMs)));
