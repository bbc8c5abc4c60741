/**
 * The dispatcher settles a delivery: book and Temporal (carry-out.ts), dead letters, ledger, and only then the acknowledgement (R1). A crash between
 * any two of these repeats work that is harmless to repeat; an exception leaves the message unacknowledged for the consumer.
 */
import { timed } from '../match/timed.ts';
import { BoundedSet } from './bounded-set.ts';
import type { Delivery } from '../nats/port.ts';
import { carryOut } from './carry-out.ts';
import { redriveOf } from './dead-letters.ts';
import { type Decoded, decode } from './decode.ts';
import { bounded, buriedWhole, identityOfEvent, positionOf, summary, unreadableIdentity } from './event-record.ts';
import type { Disposition, EventRecord } from './disposition.ts';
import type { DispatcherOptions } from './dispatcher-options.ts';
import { meaningOf } from './failure.ts';
import { forgetAll } from './take-back.ts';
import { triggerSetHash } from './trigger-set.ts';

/** A message older than this may have been handled before. */
const SURELY_NEW_MS = 60_000;
/** A resolve handled this soon has no newer firing decided before it. */
const IN_TURN_MS = 1_000;
/** Keys remembered as known; forgetting one costs a lost compare-and-set. */
const MAX_KNOWN = 50_000;

/** A delivery, decoded once. */
export interface Received {
  readonly delivery: Delivery;
  readonly decoded: Decoded;
  /** What serialises deliveries and files their records: alert key or event id. */
  readonly identity: string;
}

export interface Dispatcher {
  receive(delivery: Delivery): Received;
  /** Settle one delivery; resolves after its acknowledgement is confirmed. Rejects with NotItsTurn when one of a backlog has to wait. */
  dispatch(received: Received): Promise<EventRecord>;
  /** Bury a message unhandled, and forget what was decided for it: later events must not join a run that never was. */
  quarantine(received: Received, reason: string, message: string): Promise<EventRecord>;
}

export function createDispatcher(given: DispatcherOptions): Dispatcher {
  const { onCondition } = given;
  const triggers = onCondition === undefined ? given.triggers : given.triggers.map((each) => timed(each, onCondition));
  const options = { ...given, triggers, known: new BoundedSet(MAX_KNOWN), planned: new BoundedSet(MAX_KNOWN) };
  const knownTypes = new Set(triggers.map(({ on }) => on.type));
  const triggerSet = triggerSetHash(given.triggers);

  const finish = async (
    delivery: Delivery,
    record: Omit<EventRecord, 'kind' | 'triggerSet' | 'recordedAt' | 'recordedBy'>,
  ) => {
    const full: EventRecord = {
      kind: 'event',
      ...record,
      dispositions: record.dispositions.map(bounded),
      triggerSet,
      recordedAt: new Date(options.now()).toISOString(),
      recordedBy: options.instance,
    };
    for (const disposition of full.dispositions)
      if (disposition.kind === 'dead') await bury(options, delivery, disposition);
    await options.ledger.record(full);
    await delivery.ack();
    return full;
  };

  /** Acknowledges what has its record, and resolves to it; null: it has none. */
  const settledBefore = async (delivery: Delivery, identity: string): Promise<EventRecord | null> => {
    const position = positionOf(delivery);
    const recorded = await options.ledger.find(identity, position);
    // Of a stream before this one.
    if (recorded?.position.storedAt !== position.storedAt) return null;
    await delivery.ack();
    return recorded;
  };

  return {
    receive: (delivery) => {
      const decoded = decode(delivery, knownTypes, (options.latest ?? options.now)());
      return { delivery, decoded, identity: decoded.ok ? identityOfEvent(decoded) : unreadableIdentity(delivery) };
    },
    dispatch: async ({ delivery, decoded, identity }) => {
      const position = positionOf(delivery);
      // A consumer made anew delivers everything for the first time once more.
      const again = delivery.deliveryCount > 1 || options.now() - delivery.storedAt > SURELY_NEW_MS;
      const recorded = again ? await settledBefore(delivery, identity) : null;
      if (recorded !== null) return recorded;
      if (!decoded.ok) return finish(delivery, buriedWhole(delivery, identity, decoded.reason, decoded.message));
      const { done, dispositions } = await carryOut(options, decoded, delivery, position);
      if (done.effect?.effect === 'closed' && isLate(delivery, options.now()))
        await options.putBackOvertaking({ resolve: position, alertKey: identity, generation: done.effect.generation });
      const asked = redriveOf(delivery)?.asked;
      return finish(delivery, {
        position,
        event: summary(decoded, position),
        episode: done.effect,
        dispositions,
        ...(asked ? { asked } : {}),
      });
    },
    quarantine: async ({ delivery, decoded, identity }, reason, message) => {
      // Only its acknowledgement may have been missing.
      const recorded = await settledBefore(delivery, identity);
      if (recorded !== null) return recorded;
      if (decoded.ok && decoded.alert !== null)
        await forgetAll(options.book, decoded.alert.alertKey, positionOf(delivery)).catch(whenUnreadable);
      return finish(delivery, buriedWhole(delivery, identity, reason, message));
    },
  };
}

/** A record that is none of ours holds no decision of ours; it may be why the message is buried. */
function whenUnreadable(error: unknown): void {
  if (meaningOf(error) !== 'suspect') throw error;
}

const isLate = ({ deliveryCount, storedAt }: Delivery, now: number): boolean =>
  deliveryCount > 1 || now - storedAt > IN_TURN_MS;

const bury = (
  options: DispatcherOptions,
  delivery: Delivery,
  { trigger, reason, message }: Extract<Disposition, { kind: 'dead' }>,
) =>
  options.deadLetters.bury({
    trigger,
    reason,
    message,
    original: delivery,
    deliveryCount: delivery.deliveryCount,
    recordedBy: options.instance,
  });
