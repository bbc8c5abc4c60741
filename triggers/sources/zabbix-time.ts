/** Times of Zabbix: instants where a media type sends epoch seconds; dates and clock times are local to whom it sends to. */
import type { TextAt } from '../events/alert-event.ts';
import { epochSeconds } from '../events/epoch.ts';
import { epochAt } from './read.ts';
import type { SourceRequest } from './source.ts';
import { type Fields, saidText } from './zabbix-fields.ts';

export interface Clock {
  readonly epoch: readonly string[];
  readonly date: readonly string[];
  readonly time: readonly string[];
}

/** A local time says nothing unless the configuration names the sender's zone. */
export function timeIn({ times }: SourceRequest, { find, text }: Fields, clock: Clock): TextAt | null {
  const epoch = find(...clock.epoch);
  if (epoch !== null) {
    const at = epochAt(epoch.value, epoch.place, epochSeconds);
    return at && { ...at, written: saidText(epoch.value) ?? at.text };
  }
  const [date, time] = [find(...clock.date), text(...clock.time)];
  const day = /^(\d{4})\.(\d\d)\.(\d\d)$/.exec(saidText(date?.value) ?? '');
  if (day === null || time === null || date === null || typeof times?.senderZone !== 'string') return null;
  return { text: `${day.slice(1).join('-')}T${time}`, place: date.place, written: `${day[0]} ${time}` };
}
