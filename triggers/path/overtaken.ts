/**
 * A resolve that comes late (who had it in hand died, or its lane is the longer one) may close an episode which a newer firing of its alert has
 * joined meanwhile. That firing would be lost, for many senders fire once: it is put back, and decided anew in the order of the stream.
 */
import { ALERT_FIRING } from '../events/alert.ts';
import type { EventRecord, Position } from './disposition.ts';
import { isOlder } from './order.ts';
import type { Ledger } from './ports.ts';
import type { HeldEvent } from './put-back.ts';

/** The streams of events and of records may be led by servers whose clocks differ by this much. */
const CLOCK_SKEW_MS = 60_000;

export interface Closed {
  readonly resolve: Position;
  readonly alertKey: string;
  readonly generation: number;
}

/** What has to be put back after this resolve: the newest firing that joined the episode from behind it, for each trigger that wanted it. */
export async function overtaking(ledger: Pick<Ledger, 'read'>, closed: Closed): Promise<readonly HeldEvent[]> {
  let newest: EventRecord | null = null;
  const since = closed.resolve.storedAt - CLOCK_SKEW_MS;
  for await (const record of ledger.read({ since, identity: closed.alertKey }))
    if (record.kind === 'event' && hasJoined(record, closed) && isBehind(record, newest)) newest = record;
  if (newest === null) return [];
  const { position, dispositions } = newest;
  const triggers = new Set(dispositions.map(({ trigger }) => trigger));
  return [...triggers].map((trigger) => ({ position, trigger, by: 'order' }));
}

const hasJoined = ({ event, episode, position }: EventRecord, { resolve, generation }: Closed): boolean =>
  event.type === ALERT_FIRING &&
  episode?.effect === 'joined' &&
  episode.generation === generation &&
  isOlder(resolve, position);

const isBehind = ({ position }: EventRecord, newest: EventRecord | null): boolean =>
  newest === null || position.sequence > newest.position.sequence;
