/**
 * Compare streams and consumers with their specification, and create or update them when asked to. Nothing is ever deleted,
 * and without `apply` nothing is changed: the difference is the answer.
 */
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  NatsError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  nanos,
} from 'nats';
import type { ConsumerSpec, StreamSpec } from './topology.ts';

/** One line for each difference; empty when the server is as specified. */
export async function ensureTopology(
  jsm: JetStreamManager,
  specs: readonly StreamSpec[],
  apply: boolean,
): Promise<readonly string[]> {
  const differences: string[] = [];
  for (const spec of specs) {
    const found = await orNull(jsm.streams.info(spec.name));
    const wanted = streamConfig(spec);
    if (found === null) {
      differences.push(`stream ${spec.name}: missing`);
      if (apply) await jsm.streams.add(wanted);
    } else {
      const lines = compare(`stream ${spec.name}`, wanted, found.config);
      differences.push(...lines);
      if (apply && lines.length > 0)
        await jsm.streams.update(spec.name, { ...found.config, ...withMore(wanted, found.config) });
    }
    if (found === null && !apply) continue;
    for (const consumer of spec.consumers) differences.push(...(await ensureConsumer(jsm, spec.name, consumer, apply)));
  }
  return differences;
}

async function ensureConsumer(
  jsm: JetStreamManager,
  stream: string,
  spec: ConsumerSpec,
  apply: boolean,
): Promise<readonly string[]> {
  const found = await orNull(jsm.consumers.info(stream, spec.name));
  const wanted = consumerConfig(spec);
  if (found === null) {
    if (apply) await jsm.consumers.add(stream, wanted);
    return [`consumer ${stream}/${spec.name}: missing`];
  }
  const lines = compare(`consumer ${stream}/${spec.name}`, wanted, found.config);
  if (apply && lines.length > 0)
    await jsm.consumers.update(stream, spec.name, { ...found.config, ...withMore(wanted, found.config) });
  return lines;
}

function streamConfig(spec: StreamSpec): Partial<StreamConfig> & { name: string } {
  return {
    name: spec.name,
    subjects: [...spec.subjects],
    description: spec.description,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    // A full stream refuses the publisher, who can tell its sender; `old` would silently eat what nobody has handled.
    discard: spec.whenFull === 'forget-oldest' ? DiscardPolicy.Old : DiscardPolicy.New,
    max_age: nanos(spec.maxAgeMs),
    max_bytes: spec.maxBytes,
    max_msg_size: spec.maxMsgSize,
    max_msgs_per_subject: spec.maxPerSubject,
    duplicate_window: nanos(spec.duplicateWindowMs),
    num_replicas: spec.replicas,
    deny_delete: !spec.allowDelete,
    deny_purge: !spec.allowDelete,
    allow_rollup_hdrs: spec.maxPerSubject === 1,
    // Direct reads may come from a stale replica; the book must be read from the leader.
    allow_direct: false,
  };
}

function consumerConfig(spec: ConsumerSpec): Partial<ConsumerConfig> & { durable_name: string } {
  return {
    durable_name: spec.name,
    filter_subject: spec.filter,
    description: spec.description,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(spec.ackWaitMs),
    max_ack_pending: spec.maxAckPending,
    // Never: a finite count drops the message for this consumer, and tells only an advisory.
    max_deliver: -1,
  };
}

/** Room that an operator has added is no difference. */
const MORE_IS_FINE: ReadonlySet<string> = new Set(['max_bytes', 'max_age', 'max_ack_pending']);

/** Zero and less mean: no limit. */
const room = (value: unknown): number => (Number(value ?? 0) > 0 ? Number(value) : Number.POSITIVE_INFINITY);

function compare(what: string, wanted: object, found: object): string[] {
  const actual: Record<string, unknown> = { ...found };
  return Object.entries(wanted)
    .filter(([key, value]) => !(MORE_IS_FINE.has(key) && room(actual[key]) >= room(value)))
    .filter(([key, value]) => JSON.stringify(actual[key] ?? defaultOf(value)) !== JSON.stringify(value))
    .map(([key, value]) => `${what}: ${key} is ${JSON.stringify(actual[key])}, expected ${JSON.stringify(value)}`);
}

/** What is wanted, with the room that is there already. */
function withMore<T extends object>(wanted: T, found: object): T {
  const actual: Record<string, unknown> = { ...found };
  const kept = Object.entries(wanted).filter(
    ([key, value]) => MORE_IS_FINE.has(key) && room(actual[key]) > room(value),
  );
  return { ...wanted, ...Object.fromEntries(kept.map(([key]) => [key, actual[key]])) };
}

/** The server leaves out fields that are off. */
const defaultOf = (value: unknown): unknown => (value === false ? false : undefined);

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof NatsError ? error.api_error?.err_code : undefined;
    if (code === 10059 || code === 10014) return null;
    throw error;
  }
}
