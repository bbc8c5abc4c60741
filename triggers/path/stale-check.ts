/**
 * Asks the source about what was held as too old, so that nobody has to: an alert that still fires is put back and starts as a new one, one
 * that does not is recorded as over, and where the source cannot say after a few questions a human decides. The ledger is the memory, and
 * keeps each answer; two processes that ask the same start nothing twice.
 */
import type { Logger } from 'pino';
import type { Alert } from '../events/alert.ts';
import type { EventLog } from '../nats/port.ts';
import { BoundedSet } from './bounded-set.ts';
import { decode } from './decode.ts';
import type { EventRecord, Position, SourceAnswer } from './disposition.ts';
import { identityOf } from './ledger.ts';
import { pause } from './pause.ts';
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
}

export interface StaleCheck {
  start(): void;
  /** Ask about what is due; resolves to how many events were put back with an answer. */
  look(): Promise<number>;
  close(): Promise<void>;
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

const LOOK_EVERY_MS = 15_000;
/** What was held before that, while nobody asked, is a human's. */
const LOOK_BACK_MS = 3_600_000;
/** Records that are read again at each look: clocks differ, and a record may be stored a moment after it was dated. */
const OVERLAP_MS = 120_000;
/** Alerts that wait for an answer; more are a human's. */
const MAX_HELD = 50_000;
const MAX_REMEMBERED = 100_000;
/** Questions until a human decides: at once, and after 1, 2, 4 and 8 minutes more. */
const MAX_ASKED = 5;
const ASK_AGAIN_MS = 60_000;

export function createStaleCheck(options: StaleCheckOptions): StaleCheck {
  const { ledger, logger, region, now = Date.now } = options;
  const held = new Map<string, Held>();
  const settled = new BoundedSet(MAX_REMEMBERED);
  const stop = new AbortController();
  let readTo = now() - LOOK_BACK_MS;
  let running: Promise<void> = Promise.resolve();

  const read = async (): Promise<void> => {
    const from = now();
    for await (const record of ledger.read({ since: readTo - OVERLAP_MS }))
      if (record.kind === 'event' && !settled.has(nameOf(record.position))) note(held, record, from);
    readTo = from;
  };

  /** Resolves to how many events were put back. */
  const settle = async (identity: string, each: Held): Promise<number> => {
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

  const look = async (): Promise<number> => {
    await read();
    const most = Math.max(1, Math.floor((options.perMinute * LOOK_EVERY_MS) / 60_000));
    const due = [...held].filter(([, each]) => each.due <= now()).slice(0, most);
    let count = 0;
    for (const [identity, each] of due) count += await settle(identity, each);
    return count;
  };

  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        const count = await look();
        if (count > 0) logger.info({ region, count }, 'late events are put back with what their source says');
      } catch (error) {
        logger.debug({ err: error, region }, 'what is held as stale cannot be looked at now');
      }
      await pause(LOOK_EVERY_MS, stop.signal);
    }
  };
  return {
    start: () => {
      running = run();
    },
    look,
    close: async () => {
      stop.abort();
      await running;
    },
  };
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
  { book, log, sources }: StaleCheckOptions,
  identity: string,
  { position, generation }: Held,
  now: number,
): Promise<SourceAnswer | null> {
  const { episode } = await book.read(identity);
  if (episode === null || episode.status === 'closed' || episode.generation !== generation) return null;
  const message = await log.get(position.stream, position.sequence);
  if (message === null || message.storedAt !== position.storedAt) return null;
  const decoded = decode(message, new Set());
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
