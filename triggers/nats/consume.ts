/**
 * One supervised pull consumer. It hides the client's iterator: handlers run side by side up to `maxInFlight`, a pull loop that
 * ends unasked is started again, and closing first stops pulling, then lets the handlers finish, then gives back the rest.
 */
import { type ConsumerMessages, type JetStreamClient, type JsMsg, NatsError } from 'nats';
import { LogUnavailable } from './errors.ts';
import { fromDelivered } from './stored-message.ts';
import type { ConsumeOptions, Consumption, Delivery } from './port.ts';
import type { Requests } from './requests.ts';

/** A pull request lives this long; the server beats every half of it. Short, because a lost leader costs one whole request. */
const PULL_EXPIRES_MS = 5_000;
const RESTART_DELAY_MS = 1_000;
/**
 * There is nothing to pull from. The client would go on by itself: silently, and with few in flight by asking at full speed, each refusal
 * looking like a sign of life.
 */
const GONE: ReadonlySet<string> = new Set([
  'consumer_deleted',
  'consumer_not_found',
  'stream_not_found',
  'no_responders',
]);
/** Vain restarts between two words about them. */
const TELL_EVERY = 60;
const ACK = Buffer.from('+ACK');

export async function consume(
  js: JetStreamClient,
  options: ConsumeOptions,
  handle: (delivery: Delivery) => Promise<void>,
  requests: Requests,
): Promise<Consumption> {
  const inFlight = new Set<Promise<void>>();
  let messages: ConsumerMessages | undefined;
  let closing = false;
  let lastSign = 0;
  let inVain = 0;
  /** Ends the wait of the pull loop for a free place. */
  let freed: () => void = () => undefined;

  const open = async (): Promise<ConsumerMessages> => {
    const consumer = await js.consumers.get(options.stream, options.consumer);
    const opened = await consumer.consume({ max_messages: options.maxInFlight, expires: PULL_EXPIRES_MS });
    // Closed while it was being opened: nobody else would stop it.
    if (closing) opened.stop();
    lastSign = performance.now();
    void watch(opened);
    return opened;
  };
  /** Heartbeats are signs of life as much as messages are; two in a row missed and the pull loop is made anew. */
  const watch = async (opened: ConsumerMessages): Promise<void> => {
    for await (const status of await opened.status()) {
      if (status.type === 'heartbeats_missed') {
        if (Number(status.data) >= 2) opened.stop();
      } else if (GONE.has(String(status.type))) opened.stop();
      else lastSign = performance.now();
    }
  };
  const run = async (): Promise<void> => {
    while (!closing) {
      try {
        messages ??= await open();
        inVain = 0;
        for await (const message of messages) {
          lastSign = performance.now();
          if (closing) message.nak();
          else begin(message);
          if (inFlight.size >= options.maxInFlight) await new Promise<void>((resolve) => (freed = resolve));
        }
      } catch (error) {
        // The server or the consumer is away; it is tried again until it is closed.
        if (inVain % TELL_EVERY === 0) options.onTrouble?.(troubled(options, error));
        inVain += 1;
      }
      messages = undefined;
      if (!closing) await new Promise((resolve) => setTimeout(resolve, RESTART_DELAY_MS));
    }
  };
  const begin = (message: JsMsg): void => {
    const work: Promise<void> = handle(deliver(message, requests)).finally(() => {
      inFlight.delete(work);
      freed();
    });
    inFlight.add(work);
  };

  messages = await open();
  const loop = run();
  return {
    pulling: () => !closing && messages !== undefined && performance.now() - lastSign < 2 * PULL_EXPIRES_MS,
    close: async (deadlineMs) => {
      closing = true;
      messages?.stop();
      await bounded(Promise.allSettled([...inFlight, loop]), deadlineMs);
    },
  };
}

function troubled({ stream, consumer }: ConsumeOptions, error: unknown): LogUnavailable {
  const why = error instanceof Error ? error.message : String(error);
  return new LogUnavailable(`cannot pull ${stream}/${consumer}, trying again: ${why}`, { cause: error });
}

function deliver(message: JsMsg, requests: Requests): Delivery {
  return Object.assign(fromDelivered(message), {
    deliveryCount: message.info.redeliveryCount,
    ack: async () => {
      try {
        await requests.ask(replyOf(message), ACK);
      } catch (error) {
        const reason = error instanceof NatsError ? error.code : String(error);
        throw new LogUnavailable(`the acknowledgement was not confirmed: ${reason}`, { cause: error });
      }
    },
    // Whole milliseconds: the server takes a fraction for no delay at all.
    nak: (delayMs: number) => message.nak(Math.round(delayMs)),
    working: () => message.working(),
  });
}

/** Where the server awaits word of a delivery: the client's class has it, its type leaves it out. */
const replyOf = (message: JsMsg): string => (message as JsMsg & { readonly reply: string }).reply;

async function bounded(work: Promise<unknown>, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, deadlineMs)))]);
  clearTimeout(timer);
}
