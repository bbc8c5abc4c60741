/** `tocsin schedule next`: when a cron expression fires. Needs no server and no configuration. */
import { CalendarError } from '../../activities/calendar/calendar-error.ts';
import { parseCron } from '../../activities/calendar/cron.ts';
import { fireTimes } from '../../activities/calendar/fire-times.ts';
import { instantText, readInstantText } from '../../activities/calendar/instant-text.ts';
import { readPolicy } from '../../activities/calendar/read-schedule.ts';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { EXIT } from '../exit-code.ts';
import { type Case, answerCases, printLines, textField } from './case-lines.ts';
import type { CommonOptions } from './session.ts';

export interface CasesCommand extends CommonOptions {
  /** JSON lines; `-` is stdin. */
  readonly cases: string;
}

export function scheduleNext({ cases, json }: CasesCommand): number {
  const zones = openZoneData({ env: process.env });
  const next = (question: Case): { readonly instants: readonly string[] } => {
    const { cron, zone } = parseCron(textField(question, 'cron'));
    const named = zone ?? textField(question, 'zone');
    const after = readInstantText(textField(question, 'after'));
    const firings = fireTimes(cron, zones.zone(named), readPolicy(question), after, countOf(question));
    return { instants: firings.map(({ at }) => instantText(at)) };
  };
  const answers = answerCases(cases, next, { instants: [] });
  if (json) printLines(answers);
  else
    for (const { id, instants, error } of answers)
      process.stdout.write(`${String(id)}: ${error ?? (instants.length === 0 ? 'never' : instants.join(' '))}\n`);
  return EXIT.ok;
}

function countOf(question: Case): number {
  const count = question['count'] ?? 1;
  if (typeof count === 'number') return count;
  throw new CalendarError('bad-count', `/count is ${JSON.stringify(count)}; expected a number`);
}
