/**
 * Asks the source about what was held as too old, so that nobody has to: an alert that still fires is put back and starts as a new one, one
 * that does not is recorded as over, and where the source cannot say after a few questions a human decides. The ledger keeps each answer.
 */
import type { Logger } from 'pino';
import type { Alert } from '../events/alert.ts';
import type { EventLog } from '../nats/port.ts';
import { BoundedSet } from './bounded-set.ts';
import { decode } from './decode.ts';
import type { EventRecord, Position, SourceAnswer } from './disposition.ts';
import { meaningOf } from './failure.ts';
import { type HeldLoop, createHeldLoop } from './held-loop.ts';
import { identityOf } from './ledger.ts';
import type { EpisodeBook, Ledger } from './ports.ts';
import { putBack } from './put-back.ts';

export interface AlertSources {
  /** What the source says of its own alert now; null: it cannot be asked. Rejects while it does not answer. */
  ask(source: string, alert: Alert): Promise<Omit<SourceAnswer, 'at'> | null>;
}

export interface StaleCheckOptions {
  readonly region: string;
  readonly log: Pick<EventLog, 'get' | 'publish'>;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly book: Pick<EpisodeBook, 'read'>;
  readonly sources: AlertSources;
  /** Alerts asked about, at most. */
  readonly perMinute: number;
  readonly logger: Logger;
  readonly now?: () => number;
  /** As of the dispatcher. Default: `now`. */
  readonly latest?: () => number;
}

interface Held {
  /** Of the newest event; its labels are asked about. */
  readonly position: Position;
  readonly generation: number;
  readonly triggers: ReadonlySet<string>;
  readonly asked: number;
  /** When it is asked next, ms since 1970. */
  readonly due: number;
}

/** What was held before that, while nobody asked, is a human's. */
const LOOK_BACK_MS = 3_600_000;
/** Alerts that wait for an answer; more are a human's. */
const MAX_HELD = 50_000;
const MAX_REMEMBERED = 100_000;
/** Questions until a human decides: at once, and after 1, 2, 4 and 8 minutes more. */
const MAX_ASKED = 5;
const ASK_AGAIN_MS = 60_000;

export function createStaleCheck(options: StaleCheckOptions): HeldLoop {
  const { ledger, logger, region, perMinute, now = Date.now } = options;
  const held = new Map<string, Held>();
  const settled = new BoundedSet(MAX_REMEMBERED);

  /** Resolves to how many events were put back. */
  const settleOne = async (identity: string, each: Held): Promise<number> => {
    const answer = await answerAbout(options, identity, each, now());
    if (answer?.says === 'unknown' && each.asked + 1 < MAX_ASKED) {
      held.set(identity, { ...each, asked: each.asked + 1, due: now() + ASK_AGAIN_MS * 2 ** each.asked });
      return 0;
    }
    let count = 0;
    if (answer !== null)
      for (const trigger of each.triggers)
        if (await putBack(options.log, { position: each.position, trigger, asked: answer }, now())) count += 1;
    held.delete(identity);
    settled.add(nameOf(each.position));
    return count;
  };

  /** One that can never be put back is told and left to a human: it must not keep the others waiting. */
  const settleAlone = async (identity: string, each: Held): Promise<number> => {
    try {
      return await settleOne(identity, each);
    } catch (error) {
      if (meaningOf(error) === 'pause') throw error;
      const { sequence } = each.position;
      logger.error({ err: error, region, sequence }, 'late event cannot be put back, a human decides');
      held.delete(identity);
      settled.add(nameOf(each.position));
      return 0;
    }
  };

  return createHeldLoop({
    region,
    ledger,
    lookBackMs: LOOK_BACK_MS,
    perMinute,
    note: (record, from) => {
      if (!settled.has(nameOf(record.position))) note(held, record, from);
    },
    settle: async (most) => {
      const due = [...held].filter(([, each]) => each.due <= now()).slice(0, most);
      let count = 0;
      for (const [identity, each] of due) count += await settleAlone(identity, each);
      return count;
    },
    putBackBecause: 'sources of late alerts have answered',
    logger,
    now,
  });
}

const nameOf = ({ stream, sequence, storedAt }: Position): string => `${stream}/${sequence}/${storedAt}`;

/** The last record about an alert counts, and its end for all. What was asked about once is a human's, or decided. */
function note(held: Map<string, Held>, record: EventRecord, now: number): void {
  const { position, event, episode, dispositions, asked } = record;
  if (event.alertKey === null || episode === null) return;
  const identity = identityOf(event);
  const before = held.get(identity);
  if (before !== undefined && before.position.sequence >= position.sequence) return;
  const stale = dispositions.filter((each) => each.kind === 'held' && each.reason === 'stale');
  if (episode.effect === 'closed' || asked !== undefined || stale.length === 0) held.delete(identity);
  else if (held.size < MAX_HELD || before !== undefined)
    held.set(identity, {
      position,
      generation: episode.generation,
      triggers: new Set(stale.map(({ trigger }) => trigger)),
      asked: 0,
      due: now,
    });
}

/** Null: there is nothing to ask, or nobody; then it stays held. A source that does not answer has said `unknown`. */
async function answerAbout(
  { book, log, sources, latest }: StaleCheckOptions,
  identity: string,
  { position, generation }: Held,
  now: number,
): Promise<SourceAnswer | null> {
  const { episode } = await book.read(identity);
  if (episode === null || episode.status === 'closed' || episode.generation !== generation) return null;
  const message = await log.get(position.stream, position.sequence);
  if (message === null || message.storedAt !== position.storedAt) return null;
  const decoded = decode(message, new Set(), latest?.() ?? now);
  if (!decoded.ok || decoded.alert === null) return null;
  const at = new Date(now).toISOString();
  try {
    const answer = await sources.ask(decoded.event.source, decoded.alert);
    return answer === null ? null : { ...answer, at, why: answer.why.slice(0, MAX_WHY_CHARS) };
  } catch (error) {
    const why = `its source does not answer: ${error instanceof Error ? error.message : String(error)}`;
    return { says: 'unknown', at, why: why.slice(0, MAX_WHY_CHARS) };
  }
}

/** It travels in a header and is kept in the ledger. */
const MAX_WHY_CHARS = 300;
