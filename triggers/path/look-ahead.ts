/**
 * What the stream holds about an alert behind an event of it: read once for a whole backlog, so that each alert is judged by its last state.
 * What is stored after the reading is not known here; the book judges that as it always does.
 */
import { ALERT_FIRING, ALERT_RESOLVED } from '../events/alert.ts';
import type { EventLog } from '../nats/port.ts';
import { eventStream } from '../nats/subject.ts';
import { redriveOf } from './dead-letters.ts';
import { decode } from './decode.ts';
import type { Position } from './disposition.ts';
import { positionOf } from './event-record.ts';
import type { Later } from './plan.ts';

export interface LookAhead {
  /** Null: nothing newer about this alert was stored. Rejects with the errors of the events log. */
  behind(position: Position, alertKey: string): Promise<Later | null>;
}

/** Of more alerts in one backlog, those that come last are not folded: each of their events is then judged by the book alone. */
const MAX_ALERTS = 100_000;
const NO_TYPES: ReadonlySet<string> = new Set();

interface Reading {
  /** The last word about each alert. */
  readonly newest: ReadonlyMap<string, Later>;
  /** Storage times (ms) that it spans. */
  readonly from: number;
  readonly to: number;
}

export function createLookAhead(
  log: Pick<EventLog, 'read'>,
  region: string,
  now: () => number = Date.now,
  /** As of the dispatcher, so that both read the same. */
  latest: () => number = now,
  maxAlerts: number = MAX_ALERTS,
): LookAhead {
  let reading: Promise<Reading> | null = null;
  const read = async (from: number): Promise<Reading> => {
    const newest = new Map<string, Later>();
    let to = Math.min(from, now());
    for await (const message of log.read({ stream: eventStream(region), since: from })) {
      to = message.storedAt;
      const decoded = decode(message, NO_TYPES, latest());
      // A copy that was put back is for one trigger, and no news.
      if (!decoded.ok || decoded.alert === null || redriveOf(message) !== null) continue;
      const { type } = decoded.event;
      if (type !== ALERT_FIRING && type !== ALERT_RESOLVED) continue;
      const key = decoded.alert.alertKey;
      if (newest.size >= maxAlerts && !newest.has(key)) continue;
      newest.set(key, { status: type === ALERT_FIRING ? 'firing' : 'resolved', position: positionOf(message) });
    }
    return { newest, from, to };
  };
  const covering = async ({ storedAt }: Position): Promise<Reading> => {
    const before = reading;
    if (before !== null) {
      const known = await before.catch(() => null);
      if (known !== null && known.from <= storedAt && storedAt <= known.to) return known;
    }
    // Another event may have begun a reading while this one waited.
    if (reading !== null && reading !== before) return reading;
    const begun = read(storedAt);
    reading = begun;
    return begun;
  };
  return {
    behind: async (position, alertKey) => {
      const later = (await covering(position)).newest.get(alertKey) ?? null;
      return later !== null && later.position.sequence > position.sequence ? later : null;
    },
  };
}
