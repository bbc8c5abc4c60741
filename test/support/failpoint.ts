/**
 * Failpoints: every method of every port of the path, wrapped. At the one asked for, the process dies before the call, dies after it,
 * or carries it out and loses the reply; once, so that the process started next goes on.
 */
import { existsSync, writeFileSync } from 'node:fs';
import type { Delivery, EventLog } from '../../triggers/nats/port.ts';
import { LogUnavailable } from '../../triggers/nats/errors.ts';
import { laneConsumer } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import type { Engine } from '../../triggers/path/ports.ts';
import { until } from './until.ts';

export const FAULTS = ['die-before', 'reply-lost', 'die-after'] as const;
export type Fault = (typeof FAULTS)[number];

/** Where and how, as a test names it. */
export interface Wanted {
  /** `<port>.<method>`; of what is written to the log `<port>.publish <what its subjects begin with>`. */
  readonly at: string;
  readonly fault: Fault;
}

export interface Failpoint extends Wanted {
  /** Written when it has happened. */
  readonly marker: string;
}

type Port = Readonly<Record<string, unknown>>;

/** What the subjects of each stream of a region begin with: a write to each of them is a place of its own. */
const WRITTEN = regionTopology('any', { duplicateWindowMs: 0, replicas: 1, ackWaitMs: 0 }).map(
  ({ subjects: [first] }) => streamOf(first),
);

function streamOf(subject: unknown): string {
  return String(subject).split('.')[0] ?? '';
}

/** Every place of a port where `withFailpoints` can let a process die. */
export const placesOf = (name: string, port: object): readonly string[] =>
  Object.entries(port).flatMap(([method, original]) =>
    typeof original !== 'function'
      ? []
      : method === 'publish'
        ? WRITTEN.map((stream) => `${name}.publish ${stream}`)
        : [`${name}.${method}`],
  );

const placeOf = (name: string, method: string, [subject]: readonly unknown[]): string =>
  method === 'publish' ? `${name}.publish ${streamOf(subject)}` : `${name}.${method}`;

/** The port with each method noted in `calls`, and the failpoints at their places; each happens once. */
export function withFailpoints<P extends object>(
  name: string,
  port: P,
  failpoints: readonly Failpoint[],
  calls: Set<string>,
): P {
  const wrapped = Object.entries(port as Port).map(([method, original]) => {
    if (typeof original !== 'function') return [method, original] as const;
    const call = (...args: readonly unknown[]): unknown => {
      const at = placeOf(name, method, args);
      calls.add(at);
      const invoke = (): unknown => (original as (...given: readonly unknown[]) => unknown)(...args);
      const due = failpoints.find((each) => each.at === at && !existsSync(each.marker));
      return due === undefined ? invoke() : fail(due, invoke);
    };
    return [method, call] as const;
  });
  return Object.fromEntries(wrapped) as P;
}

function fail({ at, fault, marker }: Failpoint, invoke: () => unknown): unknown {
  writeFileSync(marker, at);
  if (fault === 'die-before') return isWrite(at) ? dieUnderway() : die();
  const after = (): never => (fault === 'die-after' ? die() : lose(at));
  const result = invoke();
  return result instanceof Promise ? result.then(after) : after();
}

const isWrite = (at: string): boolean => at.includes('.publish ');

/** A write that never arrives: by the time of death, whoever does not wait for it has gone on. */
const dieUnderway = (): Promise<never> => new Promise(() => setTimeout(die, UNDERWAY_MS));
const UNDERWAY_MS = 200;

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal arrives a moment later; nothing may happen in it.
  for (;;);
}

const lose = (at: string): never => {
  throw new LogUnavailable(`the reply of ${at} was lost`);
};

export interface DeliveryOptions {
  /** Deliveries look as if they had come back this often before. */
  readonly earlier: number;
  /** What is given back comes again after this, at the latest. */
  readonly maxNakMs: number;
}

/** The log with the methods of its deliveries under failpoints as well. */
export function withDeliveryFailpoints(
  log: EventLog,
  failpoints: readonly Failpoint[],
  calls: Set<string>,
  options: DeliveryOptions,
): EventLog {
  const wrap = (delivery: Delivery): Delivery => ({
    ...withFailpoints('delivery', delivery, failpoints, calls),
    deliveryCount: delivery.deliveryCount + options.earlier,
  });
  return {
    ...log,
    consume: (consume, handle) =>
      log.consume(consume, (delivery) =>
        handle(wrap({ ...delivery, nak: (delayMs) => delivery.nak(Math.min(delayMs, options.maxNakMs)) })),
      ),
  };
}

/** A normal lane that is the longer one: nothing comes out of it before the file is there. */
export const heldLane = (log: EventLog, file: string): EventLog => ({
  ...log,
  consume: async (options, handle) => {
    if (options.consumer === laneConsumer('normal'))
      await until('the normal lane is let go', () => existsSync(file), HELD_MS);
    return log.consume(options, handle);
  },
});
const HELD_MS = 120_000;

/** An engine that is slow: it starts nothing before more time was asked for, in so many words. */
export const slowToStart = (engine: Engine, calls: ReadonlySet<string>): Engine => ({
  ...engine,
  start: async (request) => {
    await until('more time was asked for', () => calls.has('delivery.working'));
    return engine.start(request);
  },
});
