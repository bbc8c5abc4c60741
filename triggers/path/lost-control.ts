/**
 * What stands in for a control record that is gone: everything is stopped, until an operator lifts just that. It is gone when somebody deleted
 * it, and when there is none although the operator log has acts that were written into it. A region without such an act never had one.
 */
import type { EventLog, StoredMessage } from '../nats/port.ts';
import { actStream, actSubject } from '../nats/subject.ts';
import { type ActLine, lineOf } from './operator-log.ts';
import { LOST, type Stop } from './stop.ts';

/** Lines looked up side by side. */
const AT_ONCE = 100;

/** `marker`: of a deleted record. Null: there never was a record. Each line is looked at once in the life of a process. */
export function createLostControl(
  log: Pick<EventLog, 'last' | 'get'>,
  region: string,
): (marker: StoredMessage | null) => Promise<Stop | null> {
  const stream = actStream(region);
  let looked = 0;
  let newest: { readonly line: ActLine; readonly storedAt: number } | null = null;

  const newestAct = async (): Promise<typeof newest> => {
    const end = (await log.last(stream, actSubject(region)))?.sequence ?? 0;
    // One that was made anew counts from 1 again.
    for (let next = end < looked ? 1 : looked + 1; next <= end; next += AT_ONCE) {
      const count = Math.min(AT_ONCE, end - next + 1);
      const messages = await Promise.all(Array.from({ length: count }, (_, index) => log.get(stream, next + index)));
      for (const message of messages) {
        const line = message === null ? null : lineOf(message);
        if (message !== null && line !== null && isDecision(line)) newest = { line, storedAt: message.storedAt };
      }
    }
    looked = end;
    return newest;
  };

  return async (marker) => {
    if (marker !== null) return lost(region, 'was deleted', marker.storedAt);
    const act = await newestAct();
    if (act === null) return null;
    const { by, what, where } = act.line;
    return lost(region, `is gone (${by} had decided last: ${what}, ${where})`, act.storedAt);
  };
}

/** The stop that stands for the loss, or null when nothing is lost. */
export const lossIn = ({ stops }: { readonly stops: readonly Stop[] }): Stop | null =>
  stops.find(({ scope }) => scope === LOST) ?? null;

/** Acts that were written into the record; what lifts a stop or a pause leaves nothing that could be lost. */
const isDecision = ({ what, where }: ActLine): boolean =>
  what === 'stop' || (where.startsWith('trigger ') && /^(mode|paused) /.test(what));

const lost = (region: string, how: string, at: number): Stop => ({
  scope: LOST,
  why:
    `the control record of region ${region} ${how}, and with it modes, pauses and stops; ` +
    `\`tocsin operator-log list\` tells what they were: decide them anew, then \`tocsin resume --scope ${LOST}\``,
  by: 'Tocsin',
  at: new Date(at).toISOString(),
});
