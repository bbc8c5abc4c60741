/**
 * Lets go what a closed window has held: when it opens, the newest event of each alert is put back, and its trigger decides again under every
 * rule (a window that has closed meanwhile holds it once more). What has resolved, or was decided otherwise, is left alone.
 */
import type { Logger } from 'pino';
import type { EventLog } from '../nats/port.ts';
import { BoundedSet } from './bounded-set.ts';
import type { Windows } from './during.ts';
import type { Disposition, EventRecord, Position } from './disposition.ts';
import { meaningOf } from './failure.ts';
import { type HeldLoop, createHeldLoop } from './held-loop.ts';
import { identityOf } from './ledger.ts';
import type { EpisodeBook, Ledger } from './ports.ts';
import { putBack } from './put-back.ts';

export interface WindowReleaseOptions {
  readonly region: string;
  readonly log: Pick<EventLog, 'get' | 'publish'>;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly book: Pick<EpisodeBook, 'read'>;
  readonly windows: Windows;
  /** Alerts let go, at most. */
  readonly perMinute: number;
  readonly logger: Logger;
  readonly now?: () => number;
}

interface Held {
  readonly position: Position;
  readonly generation: number | null;
  readonly window: NonNullable<Extract<Disposition, { kind: 'held' }>['window']>;
}

/** As long as the stream keeps events: what is older cannot be put back. */
const LOOK_BACK_MS = 14 * 86_400_000;
/** Alerts held; more are let go by hand (`tocsin held`). */
const MAX_HELD = 50_000;
const MAX_REMEMBERED = 100_000;

export function createWindowRelease(options: WindowReleaseOptions): HeldLoop {
  const { ledger, windows, logger, region, perMinute, now = Date.now } = options;
  const held = new Map<string, Map<string, Held>>();
  const released = new BoundedSet(MAX_REMEMBERED);

  /** Resolves to whether it was due. One that can never be put back is told and left to a human: it must not keep the others waiting. */
  const release = async (identity: string, trigger: string, each: Held): Promise<boolean> => {
    const { position } = each;
    const line = { region, trigger, sequence: position.sequence };
    try {
      if (!(await isOpen(options.book, identity, each))) return false;
      if (!(await putBack(options.log, { position, trigger, by: 'window' }, now())))
        logger.warn(line, 'held event has expired and cannot be put back');
    } catch (error) {
      if (meaningOf(error) === 'pause') throw error;
      logger.error({ err: error, ...line }, 'held event cannot be put back, a human decides');
    }
    return true;
  };
  const settle = async (most: number): Promise<number> => {
    let count = 0;
    for (const [identity, triggers] of held)
      for (const [trigger, each] of triggers) {
        if (count >= most) return count;
        const { position, window } = each;
        const name = `${position.stream}/${position.sequence}/${position.storedAt}/${trigger}`;
        if (released.has(name) || !windows.at(window.use, window.where, now()).open) continue;
        if (await release(identity, trigger, each)) count += 1;
        released.add(name);
      }
    return count;
  };
  return createHeldLoop({
    region,
    ledger,
    lookBackMs: LOOK_BACK_MS,
    perMinute,
    note: (record) => note(held, record),
    settle,
    putBackBecause: 'a window has opened',
    logger,
    now,
  });
}

/** The last record about an alert and a trigger counts; the alert's end counts for all. */
function note(held: Map<string, Map<string, Held>>, { position, event, episode, dispositions }: EventRecord): void {
  const identity = identityOf(event);
  if (episode?.effect === 'closed') held.delete(identity);
  const triggers = held.get(identity) ?? new Map<string, Held>();
  for (const each of dispositions) {
    triggers.delete(each.trigger);
    if (each.kind === 'held' && each.reason === 'window' && each.window !== undefined)
      triggers.set(each.trigger, { position, generation: episode?.generation ?? null, window: each.window });
  }
  if (triggers.size === 0) held.delete(identity);
  else if (held.size < MAX_HELD || held.has(identity)) held.set(identity, triggers);
}

/** An event that is its own episode stays due until it is decided. */
async function isOpen(book: Pick<EpisodeBook, 'read'>, identity: string, { generation }: Held): Promise<boolean> {
  if (generation === null) return true;
  const { episode } = await book.read(identity);
  return episode !== null && episode.status === 'open' && episode.generation === generation;
}
