/** Where in a run an event of its history stands, by the steps of the run. */
import { timelineOf } from '../run-timeline.ts';
import type { History } from './test-run.ts';

/** `step "..."` for the event that begins one, else which step had begun last. */
export function stepAt({ events }: History, eventId: number): string {
  const until = (events ?? []).filter((event) => Number(event.eventId) <= eventId);
  const title = titles(until).at(-1);
  if (title === undefined) return 'before the first step';
  return `${titles(until.slice(-1)).length > 0 ? 'step' : 'after step'} ${JSON.stringify(title)}`;
}

const titles = (events: NonNullable<History['events']>): string[] =>
  timelineOf(events)
    .entries.filter(({ kind }) => kind === 'step')
    .map(({ title }) => title);
