/** A duration of the configuration, as milliseconds. */
import ms, { type StringValue } from 'ms';

/** Durations are checked when the configuration is loaded. */
export const durationMs = (text: string): number => ms(text as StringValue);
