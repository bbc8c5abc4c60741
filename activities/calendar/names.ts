/** Names of weekdays and months as people write them in windows and schedules. */

export const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
export const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
/** Shorter ones would be ambiguous. */
const SHORTEST = 3;

/** 0 for Sunday; null for what is no weekday. Full names and any beginning of three letters or more. */
export const weekdayNamed = (text: string): number | null => indexIn(WEEKDAYS, text);

/** 1 for January; null for what is no month. */
export function monthNamed(text: string): number | null {
  const index = indexIn(MONTHS, text);
  return index === null ? null : index + 1;
}

function indexIn(names: readonly string[], text: string): number | null {
  if (text.length < SHORTEST) return null;
  const index = names.findIndex((name) => name.startsWith(text.toLowerCase()));
  return index < 0 ? null : index;
}
