import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { Delivery } from '../../triggers/nats/port.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { createRuns } from '../../triggers/path/runs.ts';
import { regionPath } from '../../workers/region-path.ts';
import { FAULTS, placesOf } from '../support/failpoint.ts';
import { type Story, startFailpointLab } from '../support/failpoint-lab.ts';
import { requests } from '../support/failpoint-senders.ts';
import { everyday, troubles } from '../support/failpoint-stories.ts';

/** Places that neither a trigger process with its sweeper nor an intake calls, with who does. Every other place has its cases. */
const ELSEWHERE: Readonly<Record<string, string>> = {
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

/** Called only when something goes wrong. */
const IN_TROUBLE: ReadonlySet<string> = new Set([
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

const lab = await startFailpointLab();
after(() => lab.stop());

const { client, log } = lab;
const { region: _region, ...path } = regionPath('any', log);
const ports = {
  ...path,
  delivery: DELIVERY,
  engine: createEngine({ client, namespace: 'default' }),
  runs: createRuns({ client, namespace: 'default' }),
  intake: log,
};
const places = Object.entries(ports).flatMap(([name, port]) => placesOf(name, port));
const cases = places.filter((place) => !(place in ELSEWHERE));

const STORIES = { everyday, troubles, requests } satisfies Record<string, Story>;
const nameOfStory = (place: string): keyof typeof STORIES =>
  place.startsWith('intake.') ? 'requests' : IN_TROUBLE.has(place) ? 'troubles' : 'everyday';

describe('failpoints', { concurrency: 4 }, () => {
  for (const [name, story] of Object.entries(STORIES))
    it(`${name}: calls every place that has its cases in it, and none that is named as used elsewhere`, async () => {
      const calls = await lab.tell(story, `trace-${name}`);
      const missed = cases.filter((place) => nameOfStory(place) === name && !calls.has(place));
      const excused = [...calls].filter((place) => place in ELSEWHERE);
      assert.deepEqual({ missed, excused }, { missed: [], excused: [] });
    });

  it('whatever is named is a place of some port', () => {
    const named = [...Object.keys(ELSEWHERE), ...IN_TROUBLE];
    assert.deepEqual(
      named.filter((place) => !places.includes(place)),
      [],
    );
  });

  for (const at of cases)
    for (const fault of FAULTS)
      it(`${at}, ${fault}`, async () => {
        const region = `${at}-${fault}`.replaceAll(/[^a-z]+/gi, '-').toLowerCase();
        await lab.tell(STORIES[nameOfStory(at)], region, { at, fault });
      });
});
