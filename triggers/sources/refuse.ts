/** The two ways a source says no: to one item, or to the whole request. Reasons are stable words, places are JSON Pointers. */
import type { AlertResult } from '../events/alert-event.ts';
import type { SourceResult } from './source.ts';

/** The reason of an item that no clock can judge now: no final answer, its sender has to come again with the whole request. */
export const CLOCK_IN_DOUBT = 'clock-in-doubt';

export const refuseItem = (reason: string, place: string, message: string): Extract<AlertResult, { ok: false }> => ({
  ok: false,
  rejection: { reason, place, message },
});

export const refuseAll = (reason: string, place: string, message: string): SourceResult => ({
  events: [],
  rejected: [{ index: null, reason, place, message }],
});
