/**
 * A resolve that comes late (who had it in hand died, or its lane is the longer one) may close an episode which a newer firing of its alert has
 * joined meanwhile. That firing would be lost, for many senders fire once: it is put back, and decided anew in the order of the stream.
 */
import type { Logger } from 'pino';
import { ALERT_FIRING } from '../events/alert.ts';
import { LogRefused } from '../nats/errors.ts';
import type { EventLog } from '../nats/port.ts';
import type { EventRecord, Position } from './disposition.ts';
import { isOlder } from './order.ts';
import type { Ledger } from './ports.ts';
import { putBack } from './put-back.ts';

export interface Closed {
  readonly resolve: Position;
  readonly alertKey: string;
  readonly generation: number;
}

/** Puts back the newest firing that joined the episode from behind its resolve, for each trigger that did not start with it. May run twice. */
export type PutBackOvertaking = (closed: Closed) => Promise<void>;

export interface OvertakenOptions {
  readonly region: string;
  readonly log: Pick<EventLog, 'get' | 'publish'>;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly logger: Logger;
  readonly now: () => number;
}

/** The streams of events and of records may be led by servers whose clocks differ by this much. */
const CLOCK_SKEW_MS = 60_000;

/** Rejects with the errors of the events log. */
export function createOvertaken({ region, log, ledger, logger, now }: OvertakenOptions): PutBackOvertaking {
  const newest = async (closed: Closed): Promise<EventRecord | null> => {
    let found: EventRecord | null = null;
    const since = closed.resolve.storedAt - CLOCK_SKEW_MS;
    for await (const record of ledger.read({ since, identity: closed.alertKey }))
      if (record.kind === 'event' && hasJoined(record, closed) && isBehind(record, found)) found = record;
    return found;
  };
  return async (closed) => {
    const firing = await newest(closed);
    if (firing === null) return;
    const { position, dispositions } = firing;
    // What it has started itself stays as it is, one event is one run; a letter is an operator's.
    const waiting = dispositions.filter(({ kind }) => kind !== 'started' && kind !== 'dead');
    try {
      for (const trigger of new Set(waiting.map((each) => each.trigger)))
        await putBack(log, { position, trigger, by: 'order' }, now());
    } catch (error) {
      if (!(error instanceof LogRefused)) throw error;
      // A user of an earlier version may not publish events: better that one firing is lost and told than that all events wait.
      const { sequence } = position;
      logger.error({ err: error, region, sequence }, 'a firing behind a late resolve cannot be put back');
    }
  };
}

const hasJoined = ({ event, episode, position }: EventRecord, { resolve, generation }: Closed): boolean =>
  event.type === ALERT_FIRING &&
  episode?.effect === 'joined' &&
  episode.generation === generation &&
  isOlder(resolve, position);

const isBehind = ({ position }: EventRecord, newest: EventRecord | null): boolean =>
  newest === null || position.sequence > newest.position.sequence;
