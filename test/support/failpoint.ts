/**
 * Failpoints: every method of every port of the path, wrapped. At the one asked for, the process dies before the call, dies after it,
 * or carries it out and loses the reply; once, so that the process started next goes on.
 */
import { existsSync, writeFileSync } from 'node:fs';
import type { Delivery, EventLog } from '../../triggers/nats/port.ts';
import { LogUnavailable } from '../../triggers/nats/errors.ts';

export const FAULTS = ['die-before', 'reply-lost', 'die-after'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Failpoint {
  /** `<port>.<method>`. */
  readonly at: string;
  readonly fault: Fault;
  /** Written when it has happened. */
  readonly marker: string;
}

type Port = Readonly<Record<string, unknown>>;

/** The port with each method noted in `calls`, and the failpoints at their places; each happens once. */
export function withFailpoints<P extends object>(
  name: string,
  port: P,
  failpoints: readonly Failpoint[],
  calls: Set<string>,
): P {
  const wrapped = Object.entries(port as Port).map(([method, original]) => {
    if (typeof original !== 'function') return [method, original] as const;
    const at = `${name}.${method}`;
    const call = (...args: readonly unknown[]): unknown => {
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
  if (fault === 'die-before') die();
  const after = (): never => (fault === 'die-after' ? die() : lose(at));
  const result = invoke();
  return result instanceof Promise ? result.then(after) : after();
}

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
