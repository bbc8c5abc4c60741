/** What a schedule on the server says of itself: when it acts, and how an instant turns back into the local reading that was meant. */
import type { UtcCalendar } from '../../activities/calendar/compile-calendars.ts';
import type { Firing } from '../../activities/calendar/fire-times.ts';

/** What the server is told about the instants. */
export interface ScheduleSpec {
  readonly calendars: readonly UtcCalendar[];
  /** Elapsed time, counted from 1970; null with calendars. */
  readonly everySeconds: number | null;
  readonly catchUpSeconds: number;
}

/** What each start carries along. */
export interface ScheduleNames {
  readonly schedule: string;
  readonly zone: string;
  readonly region: string;
  readonly tzdb: string;
  /** The event is published up to this much after its instant, always the same for one instant. */
  readonly jitterSeconds: number;
  /** Changes with the definition. */
  readonly definition: string;
  /** After and up to when the calendars go, seconds since 1970; `until` is null for elapsed time. */
  readonly from: number;
  readonly until: number | null;
  /** What had its event lately, and so has no instant here; absent in what an older program wrote. */
  readonly firedReadings?: FiredReadings;
  /** Offsets from UTC, each from an instant on, both in seconds. */
  readonly offsets: readonly (readonly [number, number])[];
  /** Where the reading is not the instant plus the offset: instant, nominal reading, pass. */
  readonly exceptions: readonly (readonly [number, number, 1 | 2])[];
  readonly data?: unknown;
}

/** Readings that had their event, as calendars on the wall clock: one list for each pass of an hour that occurs twice. */
export type FiredReadings = readonly [first: readonly UtcCalendar[], second: readonly UtcCalendar[]];

export const NONE_FIRED: FiredReadings = [[], []];

/** The reading that an instant of these calendars stands for, seconds, and its pass. */
export function nominalOf(
  { exceptions, offsets }: Pick<ScheduleNames, 'exceptions' | 'offsets'>,
  due: number,
): Pick<Firing, 'nominal' | 'pass'> {
  const exception = exceptions.find(([at]) => at === due);
  if (exception !== undefined) return { nominal: exception[1], pass: exception[2] };
  return { nominal: due + (offsets.findLast(([from]) => from <= due)?.[1] ?? 0), pass: 1 };
}
