/** One rollout's timetable with all that is told of it: what the table, the JSON and the chart are made from. */
import type { Span } from '../../activities/calendar/spans.ts';
import type { Finding } from './findings.ts';
import type { TimetablePlace } from './places.ts';
import type { Timetable } from './timetable.ts';

export interface TimetableReport {
  readonly timetable: Timetable;
  /** In the order in which waves come to them. */
  readonly places: readonly TimetablePlace[];
  readonly findings: readonly Finding[];
  /** What a chart shows. */
  readonly span: Span;
}
