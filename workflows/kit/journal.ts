/**
 * What a run has done, step by step, so that its procedure can be walked through again from the start without doing it again. Only runs
 * that are approved keep one. It relies on procedures being deterministic between their steps, as workflow code is.
 */
import type { Looks } from '../../activities/look.ts';
import type { CheckOptions, VerifyOptions } from './run.ts';

export interface JournalEntry {
  readonly kind: 'check' | 'act' | 'verify' | 'ask' | 'wait';
  readonly title: string;
  readonly outcome: { readonly value: unknown } | { readonly error: unknown };
}

export type Journal = readonly JournalEntry[];

/** What cannot be had a second time; it may have changed what was seen before it. */
const FINAL: ReadonlySet<JournalEntry['kind']> = new Set(['act', 'ask', 'wait']);

/** Up to and with the last effect, answer or wait: what was seen after it is looked at again. */
export const upToLastEffect = (journal: Journal): Journal =>
  journal.slice(0, journal.findLastIndex(({ kind }) => FINAL.has(kind)) + 1);

/** What the step came to, once more. */
export function recall({ outcome }: JournalEntry): unknown {
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/** Looking for real, with the run's checklist and bounds. */
export interface Look<Acts> {
  check<T>(region: string, title: string, call: (on: Looks<Acts>) => Promise<T>, options: CheckOptions<T>): Promise<T>;
  verify<T>(
    region: string,
    title: string,
    call: (on: Looks<Acts>) => Promise<T>,
    options: VerifyOptions<T>,
  ): Promise<boolean>;
}
