/** What the ledger says of an event besides its dispositions: enough to find it, bounded, because a sender's texts are not. */
import type { Alert } from '../events/alert.ts';
import type { StoredMessage } from '../nats/port.ts';
import type { Decoded } from './decode.ts';
import type { Disposition, EventRecord, Position } from './disposition.ts';
import { identityOf } from './ledger.ts';
import { aheadMs } from './staleness.ts';

export const positionOf = ({ stream, sequence, storedAt }: StoredMessage): Position => ({ stream, sequence, storedAt });

export const identityOfEvent = ({ event, alert }: Extract<Decoded, { ok: true }>): string =>
  identityOf({ alertKey: alert?.alertKey ?? null, id: event.id });

export const unreadableIdentity = ({ sequence }: StoredMessage): string => `unreadable-${sequence}`;

export function summary({ event, alert }: Extract<Decoded, { ok: true }>, position: Position): EventRecord['event'] {
  const ahead = aheadMs(event, position);
  return {
    id: event.id,
    type: event.type,
    source: event.source,
    alertKey: alert?.alertKey ?? null,
    title: (alert?.title ?? event.subject ?? null)?.slice(0, MAX_TITLE) ?? null,
    labels: boundedLabels((alert as Alert | null)?.labels ?? {}),
    ...(ahead === null ? {} : { aheadMs: ahead }),
  };
}

/** A sender's own text is as long as it likes; a record is not. */
const MAX_TITLE = 300;

/** Enough to find an event by label; a sender with huge labels must not fill the ledger. */
const boundedLabels = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels)
      .slice(0, 30)
      .map(([name, value]) => [name.slice(0, 64), value.slice(0, 128)]),
  );

/** A record of an event that no trigger gets to see. */
export const buriedWhole = (delivery: StoredMessage, identity: string, reason: string, message: string) => ({
  position: positionOf(delivery),
  event: { id: identity, type: '', source: '', alertKey: null, title: null, labels: {} },
  episode: null,
  dispositions: [{ trigger: '', kind: 'dead', reason, message: message.slice(0, MAX_TITLE) } satisfies Disposition],
});

/** A trigger's own error text is as long as it likes; it must not cost the others their record. */
export const bounded = (disposition: Disposition): Disposition =>
  disposition.kind === 'dead' ? { ...disposition, message: disposition.message.slice(0, MAX_TITLE) } : disposition;
