/**
 * The trigger process of one region: pulls both lanes, hands each delivery to the dispatcher, and decides what a failure means
 * (R5). While Temporal or the ledger is away it does not pull at all, but probes; so nothing circulates and nothing is acked early.
 */
import type { Logger } from 'pino';
import type { Trigger } from '../define-trigger.ts';
import type { Consumption, Delivery, EventLog } from '../nats/port.ts';
import { LANES, eventStream, laneConsumer } from '../nats/subject.ts';
import type { EventRecord } from './disposition.ts';
import type { ControlStore } from './control.ts';
import type { Windows } from './during.ts';
import { createControlWatch } from './control-watch.ts';
import { type Received, createDispatcher } from './dispatcher.ts';
import { positionOf } from './event-record.ts';
import { logFieldsOf, logRecord } from './event-log-line.ts';
import { type Meaning, meaningOf } from './failure.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { createLookAhead } from './look-ahead.ts';
import { createOvertaken } from './overtaken.ts';
import { NotItsTurn, createPace } from './pace.ts';
import { pause } from './pause.ts';
import type { RecentRuns } from './recent-runs.ts';
import type { Attempts, DeadLetters, Engine, EpisodeBook, Ledger } from './ports.ts';

export interface TriggerProcessOptions {
  readonly region: string;
  readonly regions: readonly string[];
  readonly log: EventLog;
  readonly book: EpisodeBook;
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetters;
  readonly attempts: Attempts;
  readonly engine: Engine;
  readonly control: Pick<ControlStore, 'read'>;
  /** Absent: loops are not looked for. */
  readonly recent?: RecentRuns;
  readonly triggers: readonly Trigger[];
  /** Absent: triggers with `during` start nothing. */
  readonly windows?: Windows;
  readonly options: {
    readonly reorderBoundMs: number;
    readonly maxInFlight: number;
    readonly ackWaitMs: number;
    /** Starts out of a backlog, at most. Default 60. */
    readonly catchUpPerMinute?: number;
  };
  readonly instance: string;
  readonly logger: Logger;
  /** Called after each record, for metrics and the live story. */
  readonly onRecorded?: (record: EventRecord, delivery: Delivery) => void;
  /** Called when an event is given back because of an error. */
  readonly onGivenBack?: (meaning: Meaning) => void;
  readonly onCondition?: (trigger: string, ms: number) => void;
  readonly now?: () => number;
  /** As of the dispatcher. */
  readonly latest?: () => number;
}

export interface TriggerProcess {
  /** Begin; resolves at once. It waits by itself for servers that are not up yet. */
  start(): void;
  /** True while both lanes are really being pulled. */
  ready(): boolean;
  close(deadlineMs: number): Promise<void>;
}

const CATCH_UP_PER_MINUTE = 60;
const PROBE_EVERY_MS = 1_000;
/** Below this delivery count a message is not suspected of killing processes, and costs no mark. */
const SUSPECT_FROM_DELIVERY = 4;
const MAX_DEATHS = 3;
/** A ledger that fills while we pull must stop us before it is full: runs would start that nobody can record (R1). */
const LEDGER_PROBE_MS = 5_000;
/**
 * Tries of a message whose failure no server's absence explains. Deliveries do not count: an outage gives a message back many times
 * without anybody having tried it.
 */
const MAX_FAILURES = 4;
/** Queue of suspects; no alert key begins with a line break. */
const SUSPECTS = '\nsuspects';
const MAX_PAUSE_MS = 30_000;

export function createTriggerProcess(options: TriggerProcessOptions): TriggerProcess {
  const { logger, ledger, engine, region, now = Date.now } = options;
  const control = createControlWatch(options.control, logger);
  const dispatcher = createDispatcher({
    ...options,
    ...options.options,
    control: control.current,
    putBackOvertaking: createOvertaken({ ...options, now }),
    lookAhead: createLookAhead(options.log, region, now, options.latest ?? now),
    pace: createPace(options.options.catchUpPerMinute ?? CATCH_UP_PER_MINUTE, () => performance.now()),
    now,
  });
  const queue = new KeyedQueue();
  const stop = new AbortController();
  let lanes: readonly Consumption[] = [];
  /** Whether anything was settled since pulling began. */
  let settled = false;
  /** Resolves when a failure asks for a pause of the pulling now going on. */
  let trip: (reason: Error) => void = () => undefined;

  const handle = async (delivery: Delivery): Promise<void> => {
    const alive = setInterval(() => askForTime(delivery), options.options.ackWaitMs / 3);
    let received: Received | undefined;
    try {
      received = dispatcher.receive(delivery);
      const taken = received;
      const suspect = delivery.deliveryCount >= SUSPECT_FROM_DELIVERY;
      // Suspects one after another: if one of them kills the process, no other is taken for it.
      await queue.run(suspect ? SUSPECTS : taken.identity, () => settle(taken, suspect));
      settled = true;
    } catch (error) {
      giveBack(delivery, received, error);
    } finally {
      clearInterval(alive);
    }
  };

  const settle = async (received: Received, suspect: boolean): Promise<void> => {
    const { delivery } = received;
    const deaths = suspect ? await options.attempts.begin(positionOf(delivery)) : 0;
    try {
      const record =
        deaths >= MAX_DEATHS
          ? await dispatcher.quarantine(received, 'kills-process', `${deaths} processes died with this message in hand`)
          : await dispatchOrBury(received);
      report(record, delivery);
    } catch (error) {
      if (suspect) await options.attempts.end(positionOf(delivery)).catch(() => undefined);
      throw error;
    }
  };

  /** What fails by itself again and again, with all servers there, must not keep the others waiting for ever. */
  const dispatchOrBury = async (received: Received): Promise<EventRecord> => {
    try {
      return await dispatcher.dispatch(received);
    } catch (error) {
      if (error instanceof NotItsTurn || meaningOf(error) !== 'suspect') throw error;
      if ((await options.attempts.fail(positionOf(received.delivery))) < MAX_FAILURES) throw error;
      logger.error({ err: error, ...logFieldsOf(region, received) }, 'event cannot be handled, buried');
      return dispatcher.quarantine(
        received,
        'cannot-be-handled',
        error instanceof Error ? error.message : String(error),
      );
    }
  };

  /** The event is settled by now: whoever is told of it can change nothing about that. */
  const report = (record: EventRecord, delivery: Delivery): void => {
    logRecord(logger, region, record);
    try {
      options.onRecorded?.(record, delivery);
    } catch (error) {
      logger.error({ err: error, region, eventId: record.event.id }, 'a listener of records failed');
    }
  };

  const giveBack = (delivery: Delivery, received: Received | undefined, error: unknown): void => {
    if (error instanceof NotItsTurn) return tryNak(delivery, error.waitMs);
    const delayMs = 2 ** Math.min(delivery.deliveryCount, 6) * 500 * (0.5 + Math.random() / 2);
    logger.warn(
      { err: error, ...logFieldsOf(region, received ?? { delivery }), delayMs: Math.round(delayMs) },
      'event given back, will be retried',
    );
    tryNak(delivery, delayMs);
    const meaning = meaningOf(error);
    options.onGivenBack?.(meaning);
    if (meaning === 'pause') trip(error instanceof Error ? error : new Error(String(error)));
  };

  const pull = async (): Promise<void> => {
    const tripped = new Promise<Error>((resolve) => (trip = resolve));
    const opened: Consumption[] = [];
    let watch: NodeJS.Timeout | undefined;
    try {
      for (const lane of LANES) {
        const consume = {
          stream: eventStream(region),
          consumer: laneConsumer(lane),
          maxInFlight: options.options.maxInFlight,
          onTrouble: (error: Error) =>
            logger.warn(
              { err: error, region, lane },
              'lane is not pulled; if its consumer was deleted, `tocsin topology --apply` makes it anew',
            ),
        };
        opened.push(await options.log.consume(consume, handle));
      }
      lanes = opened;
      logger.info({ region }, 'pulling');
      watch = setInterval(() => void ledger.probe().catch(trip), LEDGER_PROBE_MS);
      const reason = await Promise.race([tripped, aborted(stop.signal)]);
      if (reason !== null) logger.warn({ err: reason, region }, 'pulling paused until Temporal and the ledger answer');
    } finally {
      clearInterval(watch);
      lanes = [];
      await Promise.all(opened.map((lane) => lane.close(options.options.ackWaitMs)));
    }
  };

  const untilServersAnswer = async (): Promise<void> => {
    for (let tries = 0; !stop.signal.aborted; tries += 1) {
      try {
        await Promise.all([engine.ping(), ledger.probe(), control.start(), options.recent?.start()]);
        return;
      } catch (error) {
        if (tries % 30 === 0)
          logger.warn({ err: error, region }, 'waiting for Temporal and the ledger; events are kept');
        await pause(PROBE_EVERY_MS * (0.5 + Math.random()), stop.signal);
      }
    }
  };

  const run = async (): Promise<void> => {
    for (let inVain = 0; !stop.signal.aborted;) {
      await untilServersAnswer();
      if (stop.signal.aborted) return;
      settled = false;
      await pull().catch((error: unknown) => {
        logger.warn({ err: error, region }, 'cannot pull, trying again');
      });
      // Servers that answer a ping and refuse the work must not be asked at full speed.
      inVain = settled ? 0 : inVain + 1;
      await pause(Math.min(PROBE_EVERY_MS * 2 ** Math.min(inVain, 5), MAX_PAUSE_MS), stop.signal);
    }
  };

  let running: Promise<void> = Promise.resolve();
  return {
    start: () => {
      running = run();
    },
    ready: () => lanes.length === LANES.length && lanes.every((lane) => lane.pulling()),
    close: async (deadlineMs) => {
      stop.abort();
      control.close();
      options.recent?.close();
      const done = new AbortController();
      await Promise.race([running.finally(() => done.abort()), pause(deadlineMs, done.signal)]);
    },
  };
}

function tryNak(delivery: Delivery, delayMs: number): void {
  try {
    delivery.nak(delayMs);
  } catch {
    // The connection is gone: the server gives the message out again after ack_wait by itself.
  }
}

/** Without it the message only comes back earlier, which costs nothing but work. */
function askForTime(delivery: Delivery): void {
  try {
    delivery.working();
  } catch {
    // The connection is being rebuilt.
  }
}

const aborted = (signal: AbortSignal): Promise<null> =>
  new Promise((resolve) =>
    signal.aborted ? resolve(null) : signal.addEventListener('abort', () => resolve(null), { once: true }),
  );
