/** What is held, as an operator decides about it: one line per alert and trigger, with what has become of the alert meanwhile. */
import type { Disposition, EventRecord, HeldReason, Position } from './disposition.ts';
import { identityOf } from './ledger.ts';
import type { EpisodeBook, Ledger } from './ports.ts';
import type { Scope } from './stop.ts';

export interface HeldAlert {
  /** Alert key, or id of an event that is its own episode. */
  readonly key: string;
  readonly trigger: string;
  readonly reason: HeldReason;
  readonly title: string;
  /** Events held. */
  readonly count: number;
  /** RFC 3339, UTC. */
  readonly first: string;
  readonly last: string;
  /** What would be put back. */
  readonly newest: Position;
  readonly detail: string;
  /** `open`: nothing has been done about it. `resolved`: it is over. `started`: its trigger has started a run meanwhile. */
  readonly state: 'open' | 'resolved' | 'started';
}

export interface HeldQuery {
  /** Stored since, ms since 1970. */
  readonly since: number;
  /** Only what these stops held: one scope, pressed at one of these moments. */
  readonly stops?: { readonly scope: Scope; readonly pressedAt: readonly string[] };
}

export interface HeldSource {
  readonly ledger: Pick<Ledger, 'read'>;
  readonly book: Pick<EpisodeBook, 'read'>;
}

type Held = Extract<Disposition, { kind: 'held' }>;

/** Oldest first. */
export async function heldAlerts({ ledger, book }: HeldSource, query: HeldQuery): Promise<HeldAlert[]> {
  const groups = new Map<string, { record: EventRecord; held: Held; count: number; first: number }>();
  /** Whose source says that they fire no more. */
  const over = new Set<string>();
  for await (const record of ledger.read({ since: query.since })) {
    if (record.kind !== 'event') continue;
    for (const held of record.dispositions) {
      const group = JSON.stringify([identityOf(record.event), held.trigger]);
      if (held.kind === 'ignored' && held.reason === 'over') over.add(group);
      if (held.kind !== 'held' || !isWanted(held, query)) continue;
      over.delete(group);
      const before = groups.get(group);
      const first = before?.first ?? record.position.storedAt;
      groups.set(group, { record, held, count: (before?.count ?? 0) + 1, first });
    }
  }
  const alerts: HeldAlert[] = [];
  for (const [group, { record, held, count, first }] of groups) {
    alerts.push({
      key: identityOf(record.event),
      trigger: held.trigger,
      reason: held.reason,
      title: record.event.title ?? record.event.type,
      count,
      first: new Date(first).toISOString(),
      last: new Date(record.position.storedAt).toISOString(),
      newest: record.position,
      detail: held.detail,
      state: over.has(group) ? 'resolved' : await stateOf(record, held.trigger, book),
    });
  }
  return alerts;
}

function isWanted({ reason, stop }: Held, { stops }: HeldQuery): boolean {
  if (stops === undefined) return true;
  return reason === 'stopped' && stop?.scope === stops.scope && stops.pressedAt.includes(stop.at);
}

async function stateOf(
  { event, episode: seen }: EventRecord,
  trigger: string,
  book: HeldSource['book'],
): Promise<HeldAlert['state']> {
  if (event.alertKey === null) return 'open';
  const { episode } = await book.read(event.alertKey);
  if (episode === null || episode.status === 'closed' || episode.generation !== seen?.generation) return 'resolved';
  return episode.triggers[trigger] === undefined ? 'open' : 'started';
}
