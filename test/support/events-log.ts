/** A real events log for one test file, and streams of its own for each test. Everything that was opened is closed when the file ends. */
import { after, afterEach, before } from 'node:test';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { Consumption, Delivery, EventLog } from '../../triggers/nats/port.ts';
import type { StreamSpec } from '../../triggers/nats/topology.ts';
import { type Restartable, startTestServers } from './servers.ts';

export const CONSUMER = 'reader';
export const ACK_WAIT_MS = 1_000;
export const CLOSE_MS = 5_000;
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);

/** Stream `NAME` of the subjects `name.>`, with one consumer of everything in it. */
export const streamSpec = (name: string, changes: Partial<StreamSpec> = {}): StreamSpec => ({
  name: name.toUpperCase(),
  subjects: [`${name}.>`],
  description: 'test',
  maxAgeMs: 3_600_000,
  maxBytes: 10_000_000,
  maxMsgSize: 100_000,
  duplicateWindowMs: 60_000,
  replicas: 1,
  maxPerSubject: -1,
  allowDelete: true,
  consumers: [
    { name: CONSUMER, filter: `${name}.>`, description: 'test', ackWaitMs: ACK_WAIT_MS, maxAckPending: 1_000 },
  ],
  ...changes,
});

export interface LogFixture {
  /** Set once the file's tests run. */
  readonly log: EventLog;
  readonly url: string;
  readonly server: Restartable;
  readonly natsUrl: string;
  /** Makes the stream of `streamSpec`; resolves to its name. */
  create(name: string, changes?: Partial<StreamSpec>): Promise<string>;
  /** Closed when the test ends. */
  consume(stream: string, maxInFlight: number, handle: (delivery: Delivery) => Promise<void>): Promise<Consumption>;
  /** What is stored, oldest first, as text. */
  all(stream: string, filter?: string): Promise<string[]>;
}

/** Call inside `describe`. */
export function useLog(): LogFixture {
  let servers: Awaited<ReturnType<typeof startTestServers>> | undefined;
  let log: EventLog | undefined;
  let open: Consumption[] = [];
  before(async () => {
    servers = await startTestServers({ nats: true });
    log = await connectLog({ servers: servers.natsUrl, name: 'contract' });
  });
  afterEach(async () => {
    await Promise.all(open.map((consumption) => consumption.close(CLOSE_MS)));
    open = [];
  });
  after(async () => {
    await log?.close();
    await servers?.stopAll();
  });
  const begun = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('the events log is there only while a test runs');
    return value;
  };
  return {
    get log() {
      return begun(log);
    },
    get url() {
      return begun(servers).natsUrl;
    },
    get server() {
      return begun(servers).nats;
    },
    get natsUrl() {
      return begun(servers).natsUrl;
    },
    create: async (name, changes) => {
      await begun(log).ensureTopology([streamSpec(name, changes)], true);
      return name.toUpperCase();
    },
    consume: async (stream, maxInFlight, handle) => {
      const consumption = await begun(log).consume({ stream, consumer: CONSUMER, maxInFlight }, handle);
      open.push(consumption);
      return consumption;
    },
    all: async (stream, filter) => {
      const found: string[] = [];
      for await (const { data } of begun(log).read({ stream, ...(filter === undefined ? {} : { filter }) }))
        found.push(text(data));
      return found;
    },
  };
}
