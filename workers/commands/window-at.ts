/** `tocsin window at`: whether a window is open at an instant. Needs no server and no configuration. */
import { CalendarError } from '../../activities/calendar/calendar-error.ts';
import { instantText, readInstantText } from '../../activities/calendar/instant-text.ts';
import { openingAt } from '../../activities/calendar/next-opening.ts';
import { readAlertmanagerInterval } from '../../activities/calendar/read-alertmanager-interval.ts';
import { readWindow } from '../../activities/calendar/read-window.ts';
import { type Window, openSpans } from '../../activities/calendar/window.ts';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { zoneDataEnds } from '../../activities/calendar/zone.ts';
import { EXIT } from '../exit-code.ts';
import { type Case, answerCases, printLines, textField } from './case-lines.ts';
import type { CasesCommand } from './schedule-next.ts';

interface Answer {
  readonly open: boolean;
  /** When it closes; null while it is closed, or when it does not close within 400 days. */
  readonly closesAt: string | null;
  /** When it opens next; null while it is open, or when it does not open within 400 days. */
  readonly opensAt: string | null;
}

export function windowAt({ cases, json }: CasesCommand): number {
  const zones = openZoneData({ env: process.env });
  const look = (question: Case): Answer => {
    const { windows, zone } = definitionOf(question);
    const place = zones.zone(zone);
    const at = readInstantText(textField(question, 'at'));
    if (at >= place.knownUntil) throw zoneDataEnds(place);
    const { open, opensAt, closesAt } = openingAt((from, to) => openSpans(windows, place, from, to), at);
    return { open, closesAt: open ? textOf(closesAt) : null, opensAt: open ? null : textOf(opensAt) };
  };
  const answers = answerCases(cases, look, { open: false, closesAt: null, opensAt: null });
  if (json) printLines(answers);
  else
    for (const { id, error, ...answer } of answers)
      process.stdout.write(`${String(id)}: ${error ?? sentence(answer)}\n`);
  return EXIT.ok;
}

function definitionOf(question: Case): { readonly windows: readonly Window[]; readonly zone: string } {
  const given = (name: string): boolean => question[name] !== undefined && question[name] !== null;
  if (given('window') === given('alertmanager'))
    throw new CalendarError('bad-case', 'expected one of /window and /alertmanager');
  if (given('window')) return { windows: readWindow(question['window']), zone: textField(question, 'zone') };
  const { window, zone } = readAlertmanagerInterval(question['alertmanager']);
  return { windows: [window], zone: zone ?? (given('zone') ? textField(question, 'zone') : 'UTC') };
}

const textOf = (instant: number | null): string | null => (instant === null ? null : instantText(instant));

function sentence({ open, closesAt, opensAt }: Answer): string {
  if (open) return closesAt === null ? 'open for the next 400 days' : `open until ${closesAt}`;
  return opensAt === null ? 'closed for the next 400 days' : `closed until ${opensAt}`;
}
