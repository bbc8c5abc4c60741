/**
 * Everything on its way to one channel: waits in a bounded backlog, goes out one message at a time within the rate limit, and is tried
 * again with backoff. What the rate limit holds up is told in one message; what is lost is counted, logged, and said in the next one.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { createBacklog } from './backlog.ts';
import { type Channel, Later, type Message, Refused, type Told } from './channel.ts';
import type { Clock } from './clock.ts';

/** `failed`: every attempt; `dropped`: too many waited; `suppressed`: counted as a repetition of what was told. */
export type NoticeOutcome = 'sent' | 'failed' | 'dropped' | 'suppressed';

export interface LaneOptions {
  readonly channel: Channel;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Messages per minute; attempts to deliver the same one do not count. */
  readonly perMinute: number;
  /** Notices that may wait. */
  readonly queue: number;
  /** Told what became of notices, for metrics. */
  readonly count: (outcome: NoticeOutcome, notices: number) => void;
  /** Aborts when no more will come: waiting ends, what is left goes out in one message. */
  readonly closing: AbortSignal;
  /** Aborts when nothing may be sent any more. */
  readonly deadline: AbortSignal;
}

export interface Lane {
  /** Never throws and holds nobody up; resolves once it is known what became of it: true when it was delivered. */
  add(told: Told): Promise<boolean>;
  /** Resolves when nothing is on its way; bounded by the deadline. */
  idle(): Promise<void>;
}

const MINUTE_MS = 60_000;
const ATTEMPT_MS = 15_000;
const MAX_ATTEMPTS = 6;
/** From the first attempt to the last. */
const MAX_RETRY_MS = 300_000;
const BACKOFF_MS = 2_000;
const BACKOFF_FACTOR = 3;

export function createLane(options: LaneOptions): Lane {
  const { channel, clock, closing, deadline, perMinute } = options;
  const logger = options.logger.child({ channel: channel.name });
  const backlog = createBacklog(options.queue);
  /** Whom to tell what became of a notice. */
  const asked = new Map<Told, (delivered: boolean) => void>();
  const answer = (notices: readonly Told[], delivered: boolean): void => {
    for (const told of notices) {
      asked.get(told)?.(delivered);
      asked.delete(told);
    }
  };
  let lost = { dropped: 0, undelivered: 0 };
  /** When the messages of the last minute began. */
  let begun: number[] = [];
  let running: Promise<void> | null = null;

  const run = async (): Promise<void> => {
    // Later than the call of `add`, so that it is never held up by a channel.
    await Promise.resolve();
    while (backlog.size > 0 && !deadline.aborted) {
      const message = await nextMessage();
      if (message !== null) settle(message, await delivered(message));
    }
    if (backlog.size === 0) return;
    const left = backlog.takeAll();
    logger.error({ notices: titles(left) }, 'notices left behind at the end');
    answer(left, false);
  };

  const start = (): void => {
    running ??= run().finally(() => {
      running = null;
      if (backlog.size > 0 && !deadline.aborted) start();
    });
  };

  const nextMessage = async (): Promise<Message | null> => {
    const limited = await withinRate();
    const [lead, ...more] = limited ? backlog.takeAll() : [backlog.next()];
    if (lead === undefined) return null;
    begun.push(clock.now());
    return { id: randomUUID(), lead, more: more.filter((told) => told !== undefined), ...lost };
  };

  /** True when it had to wait for the rate limit, or must not wait any more. */
  const withinRate = async (): Promise<boolean> => {
    const full = (): boolean => {
      const now = clock.now();
      // One that begins later than now began before the clock was set back, and would block until it is later again.
      begun = begun.filter((at) => at > now - MINUTE_MS && at <= now);
      return begun.length >= perMinute;
    };
    const limited = full();
    while (full() && !closing.aborted) await clock.pause((begun[0] ?? 0) + MINUTE_MS - clock.now(), closing);
    return limited || closing.aborted;
  };

  const settle = (message: Message, arrived: boolean): void => {
    const { dropped, undelivered } = lost;
    options.count(arrived ? 'sent' : 'failed', 1 + message.more.length);
    answer([message.lead, ...message.more], arrived);
    lost = arrived
      ? { dropped: dropped - message.dropped, undelivered: undelivered - message.undelivered }
      : { dropped, undelivered: undelivered + 1 + message.more.length };
  };

  const delivered = async (message: Message): Promise<boolean> => {
    const first = clock.now();
    for (let attempt = 1; ; attempt += 1) {
      const error = await failureOf(message);
      if (error === null) return true;
      const leftMs = first + MAX_RETRY_MS - clock.now();
      const delayMs = Math.min(delayBefore(attempt + 1, error), leftMs);
      const last = attempt === MAX_ATTEMPTS || leftMs <= 0;
      if (error instanceof Refused || last || deadline.aborted) {
        logger.error({ err: error, attempt, notices: titles([message.lead, ...message.more]) }, 'notice not delivered');
        return false;
      }
      logger.warn({ err: error, attempt, delayMs }, 'notice not delivered yet, will be tried again');
      // The end of the process is worth one attempt at once.
      await clock.pause(delayMs, closing.aborted ? deadline : closing);
    }
  };

  const failureOf = async (message: Message): Promise<Error | null> => {
    const done = new AbortController();
    const late = new AbortController();
    void clock.pause(ATTEMPT_MS, done.signal).then(() => late.abort(new Error(`no answer within ${ATTEMPT_MS} ms`)));
    try {
      await channel.send(message, AbortSignal.any([late.signal, deadline]));
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      done.abort();
    }
  };

  return {
    add: (told) => {
      const settled = new Promise<boolean>((resolve) => asked.set(told, resolve));
      const gone = backlog.add(told);
      if (gone !== null) {
        lost = { ...lost, dropped: lost.dropped + 1 };
        options.count('dropped', 1);
        answer([gone], false);
        logger.error(
          { queue: options.queue, dropped: lost.dropped },
          'too many notices wait, the least severe was dropped',
        );
      }
      start();
      return settled;
    },
    idle: async () => {
      while (running !== null) await running;
    },
  };
}

/** Exponential with jitter, and never sooner than the receiver asked for. */
function delayBefore(attempt: number, error: Error): number {
  const backoff = BACKOFF_MS * BACKOFF_FACTOR ** (attempt - 2) * (0.5 + Math.random() / 2);
  return Math.round(error instanceof Later ? Math.max(error.afterMs, backoff) : backoff);
}

const titles = (all: readonly Told[]): string[] => all.map(({ severity, title }) => `${severity}: ${title}`);
