/**
 * The notifier: tells people what a run, a record or a part cannot tell by itself. It hides channels that are slow, broken or away:
 * whoever notifies never waits and never fails. What it cannot tell it logs and counts; it relies on the log for the whole truth.
 */
import type { Logger } from 'pino';
import type { Channel, Notice, Told } from './channel.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { type LaneOptions, type NoticeOutcome, createLane } from './lane.ts';
import { plainNotice } from './plain.ts';
import { createRepetitions } from './repetitions.ts';

export interface NotifierOptions {
  readonly channels: readonly Channel[];
  readonly logger: Logger;
  readonly limits: Pick<LaneOptions, 'perMinute' | 'queue'> & {
    /** Time in which notices with the same key are one, ms. */
    readonly dedupMs: number;
  };
  readonly clock?: Clock;
  /** Told what became of notices, by channel, for metrics. */
  readonly onCounted?: (channel: string, outcome: NoticeOutcome, notices: number) => void;
}

export interface Notifier {
  /** Hands the notice over; never waits, never throws. */
  notify(notice: Notice): void;
  /**
   * The same, for a matter that must not be lost: resolves once it was told by some channel, or counted as a repetition of what was told by one.
   * False when no channel could: offer it again later. Never rejects.
   */
  tell(notice: Notice): Promise<boolean>;
  /** Takes no more, sends what waits, and gives up after the bound. Never rejects. */
  close(deadlineMs: number): Promise<void>;
}

export function createNotifier({
  channels,
  logger,
  limits,
  clock = systemClock,
  onCounted,
}: NotifierOptions): Notifier {
  const closing = new AbortController();
  const deadline = new AbortController();
  const signals = { closing: closing.signal, deadline: deadline.signal };
  const counted =
    ({ name }: Channel) =>
    (outcome: NoticeOutcome, notices: number): void =>
      onCounted?.(name, outcome, notices);
  // From zero on, so that the first failure shows as a rate.
  for (const channel of channels)
    for (const outcome of ['sent', 'failed', 'dropped', 'suppressed'] satisfies NoticeOutcome[])
      counted(channel)(outcome, 0);
  const lanes = channels.map((channel) => ({
    channel,
    lane: createLane({ channel, logger, clock, count: counted(channel), ...limits, ...signals }),
  }));
  const repetitions = createRepetitions({
    dedupMs: limits.dedupMs,
    clock,
    tell: (told) => {
      void toAll(told);
    },
    suppressed: () => {
      for (const channel of channels) counted(channel)('suppressed', 1);
    },
  });
  const through = async (some: typeof lanes, told: Told): Promise<boolean> =>
    (await Promise.all(some.map(({ lane }) => lane.add(told)))).some((delivered) => delivered);
  const toAll = async ({ channels: wanted, ...told }: Told): Promise<boolean> => {
    const isWanted = ({ configured = '' }: Channel): boolean => wanted === undefined || wanted.includes(configured);
    if (
      await through(
        lanes.filter(({ channel }) => isWanted(channel)),
        told,
      )
    )
      return true;
    return through(
      lanes.filter(({ channel }) => !isWanted(channel)),
      told,
    );
  };
  /** By key, what waits for a channel: a repetition of it is told when it is, and lost when it is. */
  const onTheirWay = new Map<string, Promise<boolean>>();
  const tell = async (notice: Notice): Promise<boolean> => {
    if (closing.signal.aborted) logger.warn({ notice }, 'notice came after the notifier was closed');
    if (closing.signal.aborted) return false;
    if (lanes.length === 0) return true;
    const plain = plainNotice(notice);
    const told = repetitions.offer(plain);
    if (told === null) return (await onTheirWay.get(plain.key)) ?? true;
    const outcome = toAll(told);
    onTheirWay.set(plain.key, outcome);
    const delivered = await outcome;
    if (!delivered) repetitions.forget(plain.key);
    if (onTheirWay.get(plain.key) === outcome) onTheirWay.delete(plain.key);
    return delivered;
  };
  const safely = (notice: Notice): Promise<boolean> =>
    tell(notice).catch((error: unknown) => {
      logger.error({ err: error, notice }, 'notice could not be taken');
      return false;
    });
  return {
    notify: (notice) => void safely(notice),
    tell: safely,
    close: async (deadlineMs) => {
      repetitions.close();
      closing.abort();
      const drained = new AbortController();
      const late = clock.pause(deadlineMs, drained.signal).then(() => deadline.abort(new Error('the process ends')));
      await Promise.all(lanes.map(({ lane }) => lane.idle()));
      drained.abort();
      await late;
    },
  };
}
