/** A preview in words: one line for each stretch, local and UTC, with what is excluded and where clocks change in between. */
import { DAY, HOUR, MINUTE, floorDiv, floorMod, weekdayOf } from '../../activities/calendar/civil.ts';
import { dateText, instantText, readingText } from '../../activities/calendar/instant-text.ts';
import type { Zone } from '../../activities/calendar/zone.ts';
import type { ClockChange, WindowPreview } from './window-preview.ts';

export function previewText(preview: WindowPreview): string {
  const { name, where, zone, span, open, excluded, changes } = preview;
  const rows = [
    ...open.map((each) => ({
      at: each.from,
      text: `${localSpan(zone, each.from, each.to)}  ${utcSpan(each.from, each.to)}  ${lasts(each.to - each.from)}`,
    })),
    ...excluded.map((each) => ({ at: each.from, text: `${localSpan(zone, each.from, each.to)}  shut: ${each.why}` })),
    ...changes.map((change) => ({
      at: change.at,
      text: `${dayText(change.at + change.before)}  ${changeText(change)}`,
    })),
  ].toSorted((one, other) => one.at - other.at);
  const [from, to] = [span.from, span.to - 1].map((each) => dateText(floorDiv(each + zone.periodAt(each).offset, DAY)));
  return [
    `${name} in ${where}: ${zone.id} (tzdb ${zone.tzdb}), ${from} to ${to}`,
    ...(open.length === 0 ? ['it does not open'] : []),
    ...rows.map(({ text }) => `  ${text}`),
  ].join('\n');
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

export const weekdayText = (day: number): string => WEEKDAYS[weekdayOf(day)] ?? '';

/** `02:00`, of a reading on the wall. */
export const timeText = (reading: number): string => readingText(reading).slice(11, 16);

const dayText = (reading: number): string => {
  const day = floorDiv(reading, DAY);
  return `${weekdayText(day)} ${dateText(day)}`;
};

/** `Tue 2026-11-24 02:00-05:00 -07:00`; the end with its date and offset where these differ. */
export function localSpan(zone: Zone, from: number, to: number): string {
  const [begin, end] = [zone.periodAt(from).offset, zone.periodAt(to - 1).offset];
  const date = floorMod(to + end, DAY) === 0 || floorDiv(from + begin, DAY) === floorDiv(to + end, DAY);
  const till = date
    ? timeText(to + end).replace('00:00', '24:00')
    : `${dateText(floorDiv(to + end, DAY))} ${timeText(to + end)}`;
  const offsets = begin === end ? offsetText(begin) : `${offsetText(begin)} to ${offsetText(end)}`;
  return `${dayText(from + begin)} ${timeText(from + begin)}-${till} ${offsets}`;
}

/** `09:00Z-12:00Z`, with the date. */
export function utcSpan(from: number, to: number): string {
  const [begin, end] = [instantText(from), instantText(to)].map((text) => `${text.slice(0, 16)}Z`);
  return floorDiv(from, DAY) === floorDiv(to, DAY) ? `${begin}-${end?.slice(11)}` : `${begin}-${end}`;
}

export const offsetText = (offset: number): string => {
  const minutes = Math.round(Math.abs(offset) / MINUTE);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(floorDiv(minutes, 60))}:${two(minutes % 60)}`;
};

export function lasts(seconds: number): string {
  const [hours, minutes] = [floorDiv(seconds, HOUR), floorDiv(seconds, MINUTE) % 60];
  return minutes === 0 ? `${hours} h` : hours === 0 ? `${minutes} min` : `${hours} h ${minutes} min`;
}

/** `clocks go back 02:00 to 01:00 (-04:00 to -05:00)` */
export const changeText = ({ at, before, after }: ClockChange): string =>
  `clocks go ${after < before ? 'back' : 'forward'} ${timeText(at + before)} to ${timeText(at + after)} (${offsetText(before)} to ${offsetText(after)})`;
