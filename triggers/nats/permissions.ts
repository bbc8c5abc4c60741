/**
 * What each role may do at NATS, and nothing else. The subjects of JetStream's API are the verbs: a role that may not publish to
 * `$JS.API.STREAM.DELETE.X` cannot delete X. Only the provisioner may make consumers: one that
 * is made under the name of a lane's replaces its settings.
 */
import {
  LANES,
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

export const NATS_ROLES = ['ingest', 'trigger', 'worker', 'operator', 'observer', 'provisioner'] as const;
export type NatsUserRole = (typeof NATS_ROLES)[number];

export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** For the given regions together; a user per region has one region each. */
export function natsPermissions(regions: readonly string[]): Readonly<Record<NatsUserRole, Permissions>> {
  const of = (inbox: string, verbs: (region: Region) => readonly string[]): Permissions => ({
    publish: regions.flatMap((name) => verbs(regionOf(name))),
    subscribe: [`_INBOX_tocsin_${inbox}.>`],
  });
  return {
    // Stores events and what they came as, knows the signed bodies it has taken, keeps what can never be an event, and counts by sender.
    ingest: of('ingest', ({ token, events, seen, book, bucket }) => [
      ...['events', 'raw', 'seen', 'dlq'].map((kind) => `${kind}.${token}.>`),
      info(events),
      get(seen),
      get(book),
      `$KV.${bucket}.sender.*`,
    ]),
    trigger: of('trigger', triggerVerbs),
    // Schedules publish through the runbook workers, which also note refused answers in the log of acts.
    worker: of('worker', ({ token, book, acts, actsSubject }) => [
      get(book),
      `events.${token}.normal.schedule.>`,
      get(acts),
      actsSubject,
    ]),
    operator: of('command', (region) => [...observerVerbs(region), ...operatorVerbs(region)]),
    observer: of('command', observerVerbs),
    // Writes a line in the log of acts, as everybody who changes something by hand.
    provisioner: of('command', ({ all, consumers, acts, actsSubject }) => [
      get(acts),
      actsSubject,
      ...all.flatMap((stream) => [info(stream), api(`STREAM.CREATE.${stream}`), api(`STREAM.UPDATE.${stream}`)]),
      ...consumers.flatMap(([stream, consumer]) => [
        api(`CONSUMER.INFO.${stream}.${consumer}`),
        api(`CONSUMER.CREATE.${stream}.${consumer}.>`),
        api(`CONSUMER.DURABLE.CREATE.${stream}.${consumer}`),
      ]),
    ]),
  };
}

interface Region {
  readonly token: string;
  readonly events: string;
  readonly ledger: string;
  readonly dead: string;
  readonly book: string;
  readonly bucket: string;
  readonly acts: string;
  readonly seen: string;
  readonly actsSubject: string;
  readonly all: readonly string[];
  /** Stream and name of each. */
  readonly consumers: readonly (readonly [string, string])[];
}

function regionOf(name: string): Region {
  const [events, ledger, dead, book, acts, raw, seen] = [
    eventStream(name),
    ledgerStream(name),
    deadStream(name),
    bookStream(name),
    actStream(name),
    rawStream(name),
    seenStream(name),
  ];
  const all = [events, ledger, dead, book, acts, raw, seen];
  const bucket = bookBucket(name);
  const consumers = [
    ...LANES.map((lane) => [events, laneConsumer(lane)] as const),
    [ledger, NOTICE_CONSUMER] as const,
    [dead, NOTICE_CONSUMER] as const,
  ];
  const actsSubject = actSubject(name);
  return { token: routeToken(name), events, ledger, dead, book, bucket, acts, seen, actsSubject, all, consumers };
}

const api = (verb: string): string => `$JS.API.${verb}`;
const info = (stream: string): string => api(`STREAM.INFO.${stream}`);
const get = (stream: string): string => api(`STREAM.MSG.GET.${stream}`);

/** Pull, look, write what was decided, and put back what was held. The two forms of an acknowledgement are those of servers before and since 2.14. */
const triggerVerbs = ({
  token,
  events,
  ledger,
  dead,
  book,
  bucket,
  acts,
  all,
  consumers,
}: Region): readonly string[] => [
  ...all.map(info),
  // The log of acts tells whether a control record that is not there is gone.
  ...[events, ledger, dead, book, acts].map(get),
  ...consumers.flatMap(([stream, consumer]) => [
    api(`CONSUMER.INFO.${stream}.${consumer}`),
    api(`CONSUMER.MSG.NEXT.${stream}.${consumer}`),
    `$JS.ACK.${stream}.${consumer}.>`,
    `$JS.ACK.*.*.${stream}.${consumer}.>`,
  ]),
  `events.${token}.>`,
  `ledger.${token}.>`,
  `dlq.${token}.>`,
  `$KV.${bucket}.>`,
];

const observerVerbs = ({ all, consumers }: Region): readonly string[] => [
  ...all.flatMap((stream) => [info(stream), get(stream)]),
  ...consumers.map(([stream, consumer]) => api(`CONSUMER.INFO.${stream}.${consumer}`)),
];

/** Modes and pauses, redrive and discard, emit, repair; each of them with a line in the log of acts. */
const operatorVerbs = ({ token, dead, bucket, actsSubject }: Region): readonly string[] => [
  `events.${token}.>`,
  `raw.${token}.>`,
  `ledger.${token}.>`,
  `$KV.${bucket}.>`,
  api(`STREAM.MSG.DELETE.${dead}`),
  actsSubject,
];
