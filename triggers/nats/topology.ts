/**
 * Streams and consumers as data: what one region needs, with the reason for each figure. Applying it is the port's work.
 */
import {
  LANES,
  type Lane,
  NOTICE_CONSUMER,
  actStream,
  actSubject,
  bookBucket,
  bookStream,
  deadStream,
  eventStream,
  laneConsumer,
  ledgerStream,
  rawStream,
  routeToken,
  seenStream,
} from './subject.ts';

export interface ConsumerSpec {
  readonly name: string;
  readonly filter: string;
  readonly description: string;
  readonly ackWaitMs: number;
  readonly maxAckPending: number;
}

export interface StreamSpec {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly description: string;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly maxMsgSize: number;
  readonly duplicateWindowMs: number;
  readonly replicas: number;
  /** Messages kept per subject; -1 keeps all. */
  readonly maxPerSubject: number;
  readonly allowDelete: boolean;
  /** Default: refuse the publisher. */
  readonly whenFull?: 'refuse' | 'forget-oldest';
  readonly consumers: readonly ConsumerSpec[];
}

export interface TopologyOptions {
  readonly duplicateWindowMs: number;
  readonly replicas: number;
  readonly ackWaitMs: number;
}

const DAY_MS = 86_400_000;
const MIB = 1_048_576;
/** Largest message of an events stream, headers included. */
export const EVENT_MAX_BYTES = MIB / 2;

/** Largest message of raw bytes; below every server's `max_payload`. */
export const RAW_PART_BYTES = MIB / 2;

/** Everything one region stores. Streams of different regions share nothing. */
export function regionTopology(region: string, options: TopologyOptions): readonly StreamSpec[] {
  const token = routeToken(region);
  const common = {
    replicas: options.replicas,
    duplicateWindowMs: options.duplicateWindowMs,
    maxPerSubject: -1,
    consumers: [],
  };
  return [
    {
      ...common,
      name: eventStream(region),
      subjects: [`events.${token}.>`],
      description: `Tocsin: accepted events of region ${region}`,
      maxAgeMs: 14 * DAY_MS,
      maxBytes: 4096 * MIB,
      maxMsgSize: EVENT_MAX_BYTES,
      allowDelete: false,
      consumers: LANES.map((lane) => laneSpec(token, lane, options)),
    },
    {
      ...common,
      name: ledgerStream(region),
      subjects: [`ledger.${token}.>`],
      description: `Tocsin: what became of each event of region ${region}`,
      maxAgeMs: 90 * DAY_MS,
      maxBytes: 4096 * MIB,
      maxMsgSize: MIB / 4,
      allowDelete: false,
      // Records of events are many, and none of them is told.
      consumers: [noticeSpec(`ledger.${token}.run.>`, options)],
    },
    {
      ...common,
      name: deadStream(region),
      subjects: [`dlq.${token}.>`],
      description: `Tocsin: events of region ${region} that could not be dispatched`,
      maxAgeMs: 90 * DAY_MS,
      maxBytes: 1024 * MIB,
      maxMsgSize: EVENT_MAX_BYTES + 65_536,
      consumers: [noticeSpec(`dlq.${token}.>`, options)],
      // Redrive and discard take a letter out, so that what is listed is what still needs somebody.
      allowDelete: true,
    },
    {
      ...common,
      name: bookStream(region),
      subjects: [`$KV.${bookBucket(region)}.>`],
      description: `Tocsin: episode book of region ${region}`,
      // Outlives Temporal's retention, so that an alert that fires for weeks never starts twice.
      maxAgeMs: 90 * DAY_MS,
      maxBytes: 1024 * MIB,
      maxMsgSize: MIB / 4,
      maxPerSubject: 1,
      allowDelete: true,
    },
    {
      ...common,
      name: actStream(region),
      subjects: [actSubject(region)],
      description: `Tocsin: what operators did in region ${region}, as a chain of hashes`,
      // For ever: a chain that forgets its beginning proves little.
      maxAgeMs: 0,
      maxBytes: 256 * MIB,
      maxMsgSize: MIB / 16,
      allowDelete: false,
    },
    {
      ...common,
      name: rawStream(region),
      subjects: [`raw.${token}.>`],
      description: `Tocsin: requests of region ${region} as they came, for the events that refer to them`,
      // That of the events.
      maxAgeMs: 14 * DAY_MS,
      maxBytes: 2048 * MIB,
      maxMsgSize: RAW_PART_BYTES + 4_096,
      maxPerSubject: 1,
      allowDelete: true,
      // Evidence: an alarm is not refused for want of room for it.
      whenFull: 'forget-oldest',
    },
    {
      ...common,
      name: seenStream(region),
      subjects: [`seen.${token}.>`],
      description: `Tocsin: signed requests that region ${region} has taken`,
      // That of the book, which knows copies by other means while it has their episode.
      maxAgeMs: 90 * DAY_MS,
      // About a million requests.
      maxBytes: 128 * MIB,
      maxMsgSize: 1_024,
      maxPerSubject: 1,
      allowDelete: true,
      whenFull: 'forget-oldest',
    },
  ];
}

const laneSpec = (token: string, lane: Lane, options: TopologyOptions): ConsumerSpec => ({
  name: laneConsumer(lane),
  filter: `events.${token}.${lane}.>`,
  description: `Tocsin: trigger processes, lane ${lane}`,
  ackWaitMs: options.ackWaitMs,
  maxAckPending: 1000,
});

const noticeSpec = (filter: string, { ackWaitMs }: TopologyOptions): ConsumerSpec => ({
  name: NOTICE_CONSUMER,
  filter,
  description: 'Tocsin: what people are told of',
  ackWaitMs,
  maxAckPending: 1000,
});
