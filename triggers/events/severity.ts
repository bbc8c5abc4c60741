/** Severity words as senders write them, and the OpenTelemetry number they stand for. What is not known stays unknown. */

/** Numbers of the OpenTelemetry log data model: 1-4 trace, 5-8 debug, 9-12 info, 13-16 warning, 17-20 error, 21-24 fatal. */
const WORDS: Readonly<Record<string, number>> = {
  /** Syslog's own order: emergency, alert, critical, error, warning, notice, info, debug. */
  emergency: 24,
  emerg: 24,
  panic: 24,
  alert: 23,
  fatal: 22,
  disaster: 22,
  critical: 21,
  crit: 21,
  page: 21,
  severe: 21,
  sev0: 22,
  sev1: 21,
  p0: 22,
  p1: 21,
  error: 17,
  err: 17,
  high: 17,
  major: 17,
  sev2: 17,
  p2: 17,
  average: 14,
  warning: 13,
  warn: 13,
  medium: 13,
  moderate: 13,
  minor: 13,
  sev3: 13,
  p3: 13,
  notice: 10,
  note: 10,
  information: 9,
  informational: 9,
  info: 9,
  low: 9,
  none: 9,
  sev4: 9,
  sev5: 9,
  p4: 9,
  p5: 9,
  debug: 5,
  trace: 1,
};

/** From here on an event takes the urgent lane. */
export const URGENT_FROM = 17;

/**
 * Null when the word is none that we know; a bare number means another thing for every sender, so it is unknown too. `SEV-1` and `Sev 1` are
 * `sev1`.
 */
export function severityNumber(text: string | null): number | null {
  const word = (text ?? '')
    .trim()
    .toLowerCase()
    .replace(/^(sev|p)[-_ ](?=\d$)/, '$1');
  return Object.hasOwn(WORDS, word) ? (WORDS[word] ?? null) : null;
}
