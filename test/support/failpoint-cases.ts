/** The places at which a process may die, and the stories in which it does: those where it writes something, and those where it only reads. */
import type { Delivery } from '../../triggers/nats/port.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { createRuns } from '../../triggers/path/runs.ts';
import { regionPath } from '../../workers/region-path.ts';
import { FAULTS, type Fault, placesOf } from './failpoint.ts';
import type { FailpointLab, Story } from './failpoint-lab.ts';
import { requests } from './failpoint-senders.ts';
import { everyday, troubles } from './failpoint-stories.ts';

/** Places that neither a trigger process with its sweeper nor an intake calls, with who does. Every other place has its cases. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  'log.publish acts': 'commands',
  'log.publish raw': 'intake',
  'log.publish seen': 'intake',
  'log.follow': 'tail',
  'log.serverState': 'doctor, and the watch over the clock',
  'log.remove': 'commands',
  'log.consumerState': 'audit, metrics',
  'log.ensureTopology': 'provisioning',
  'log.ping': 'intake',
  'log.closed': 'lifecycle',
  'log.close': 'shutdown',
  'deadLetters.list': 'commands',
  'deadLetters.show': 'commands',
  'deadLetters.redrive': 'commands',
  'deadLetters.discard': 'commands',
  'control.begin': 'commands',
  'control.change': 'commands',
  'control.update': 'commands',
  'runs.find': 'audit, explain',
  'runs.plan': 'explain',
  'runs.startedSince': 'audit, and the watch over loops',
  'runs.retentionMs': 'audit',
  'runs.endedByStop': 'commands',
  'runs.endsAt': 'notifier',
  'runs.stopped': 'notifier',
  'intake.publish ledger': 'trigger process',
  'intake.publish acts': 'commands',
  'intake.consume': 'trigger process',
  'intake.get': 'trigger process, commands',
  'intake.next': 'trigger process',
  'intake.read': 'trigger process, commands',
  'intake.follow': 'tail',
  'intake.remove': 'commands',
  'intake.consumerState': 'audit, metrics',
  'intake.streamState': 'trigger process',
  'intake.ensureTopology': 'provisioning',
  'intake.closed': 'lifecycle',
  'intake.close': 'shutdown',
};

/** What comes back from here changes nothing that is stored. */
const READ =
  /\.(closedSince|consume|failure|find|get|last|next|openBefore|ping|probe|read|serverState|streamState|stuck)$/;

/** Called only when something goes wrong. */
export const IN_TROUBLE: ReadonlySet<string> = new Set([
  'log.get',
  'log.publish events',
  'delivery.working',
  'attempts.fail',
  'runs.stuck',
]);

type Methods<P> = { [K in keyof P]: P[K] extends (...args: never) => unknown ? K : never }[keyof P];
/** The one port of which there is no object before something is delivered; the compiler says when a method is missing. */
const DELIVERY: Pick<Delivery, Methods<Delivery>> = {
  ack: () => Promise.resolve(),
  nak: () => undefined,
  working: () => undefined,
};

export const STORIES = { everyday, troubles, requests } satisfies Record<string, Story>;

export interface FailpointCase {
  readonly at: string;
  readonly fault: Fault;
  readonly story: keyof typeof STORIES;
  /** Of this case alone. */
  readonly region: string;
}

/** Every place of every port of the path, with or without cases. */
export function allPlaces({ client, log }: FailpointLab): readonly string[] {
  const { region: _region, ...path } = regionPath('any', log);
  const ports = {
    ...path,
    delivery: DELIVERY,
    engine: createEngine({ client, namespace: 'default' }),
    runs: createRuns({ client, namespace: 'default' }),
    intake: log,
  };
  return Object.entries(ports).flatMap(([name, port]) => placesOf(name, port));
}

/** Each place that is called in a story, with each way to fail there. */
export const failpointCases = (lab: FailpointLab, kind: 'writes' | 'reads'): readonly FailpointCase[] =>
  allPlaces(lab)
    .filter((at) => !(at in ELSEWHERE) && READ.test(at) === (kind === 'reads'))
    .flatMap((at) =>
      FAULTS.map((fault) => ({
        at,
        fault,
        story: storyOf(at),
        region: `${at}-${fault}`.replaceAll(/[^a-z]+/gi, '-').toLowerCase(),
      })),
    );

const storyOf = (at: string): keyof typeof STORIES =>
  at.startsWith('intake.') ? 'requests' : IN_TROUBLE.has(at) ? 'troubles' : 'everyday';
