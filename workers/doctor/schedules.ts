/** Schedules: whether the server will act at the instants of the calendar. */
import { type ScheduleDifference, differencesOf, differs } from '../commands/schedule-difference.ts';
import { type Examination, type Finding, error, ok } from './finding.ts';

export const schedules: Examination = {
  name: 'schedules',
  needs: 'temporal',
  examine: async (session) => {
    const found = await differencesOf(session);
    return found.length === 0 ? [ok('no schedules are defined')] : found.map(finding);
  },
};

function finding(difference: ScheduleDifference): Finding {
  const { id, unreadable, absent, compared, missing, extra } = difference;
  if (unreadable !== null)
    return error(`schedule ${id} cannot be read: ${unreadable}`, 'mend it; until then what is compiled of it goes on');
  if (absent)
    return error(`schedule ${id} is not on the server`, 'start a trigger process: it brings schedules in line');
  if (!differs(difference)) return ok(`schedule ${id} agrees with the calendar, ${compared} instants`);
  return error(
    `schedule ${id} differs from the calendar: ${missing.length} instants missing, ${extra.length} extra`,
    'restart a trigger process with this configuration and zone data; `tocsin schedule diff` names the instants',
  );
}
