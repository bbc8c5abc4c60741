/** Which step of a run an event of its history belongs to. */
import { timelineOf } from '../run-timeline.ts';
import type { History } from './test-run.ts';

/** Title of the newest step that had begun by then; null before the first. */
export function stepAt({ events }: History, eventId: number): string | null {
  const until = (events ?? []).filter((event) => Number(event.eventId) <= eventId);
  return timelineOf(until).entries.findLast(({ kind }) => kind === 'step')?.title ?? null;
}
