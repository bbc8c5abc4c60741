/** Elapsed time between instants, written as Go writes durations (`1h30m`, `1.5h`, `90s`), with whole days in front (`2d`). */
import { badCron } from './cron-field.ts';

/** `@every 90m`: elapsed time, no wall clock; a day is 24 hours. */
export interface Every {
  readonly everySeconds: number;
  /** An instant it fires at; null: counted from whenever it is asked. */
  readonly from: number | null;
}

const SECOND = 1_000_000_000n;
const UNITS = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  // The micro sign, and the Greek letter.
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', SECOND],
  ['m', 60n * SECOND],
  ['h', 3_600n * SECOND],
]);
const DURATION = /^(?:(\d+)d)?([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))*)$/;
const TERM = /(\d*)\.?(\d*)([a-z\u00b5\u03bc]+)/g;
/** What Go can hold: 292 years. */
const MOST = 2n ** 63n - 1n;

/**
 * After `@every`, as the cron engine of Kubernetes reads it: parts of a second are dropped, and a second is the least, also for nothing and
 * for less. Throws CalendarError `bad-cron`.
 */
export function parseEvery(text: string): Every {
  const duration = nanosecondsOf(text);
  return { everySeconds: duration < SECOND ? 1 : Number(duration / SECOND), from: null };
}

/** Of a definition, where what would be rounded is a mistake. Throws CalendarError `bad-cron`. */
export function wholeSeconds(text: string): number {
  const duration = nanosecondsOf(text);
  if (duration < SECOND || duration % SECOND !== 0n)
    throw badCron(`every ${JSON.stringify(text)} is no number of whole seconds; expected one like 90s`);
  return Number(duration / SECOND);
}

/** After `@every` in a definition, where what would be rounded up to a second is a mistake. Throws CalendarError `bad-cron`. */
export function atLeastASecond(text: string): Every {
  if (nanosecondsOf(text) < SECOND) throw badCron(`@every ${text} is less than a second; expected at least 1s`);
  return parseEvery(text);
}

function nanosecondsOf(text: string): bigint {
  const bad = () => badCron(`${JSON.stringify(text)} is no duration; expected one like 1h30m, 1.5h or 2d`);
  if (/^[+-]?0$/.test(text)) return 0n;
  const [, days, sign = '', terms = ''] = DURATION.exec(text) ?? [];
  // The sign stands before everything, so that none stands behind days.
  if ((days === undefined && terms === '') || (days !== undefined && sign !== '')) throw bad();
  let sum = BigInt(days ?? 0) * 86_400n * SECOND;
  for (const [, whole = '', fraction = '', unit = ''] of terms.matchAll(TERM))
    sum += termOf(whole, fraction, UNITS.get(unit) ?? 0n);
  if (sum > MOST) throw bad();
  return sign === '-' ? -sum : sum;
}

/** Of the fraction as many digits count as fit, and it is multiplied as Go does, so that both cut at the same nanosecond. */
function termOf(whole: string, fraction: string, unit: bigint): bigint {
  const digits = fraction.slice(0, 18);
  const part = digits === '' ? 0 : Number(digits) * (Number(unit) / 10 ** digits.length);
  return BigInt(whole === '' ? 0 : whole) * unit + BigInt(Math.trunc(part));
}
