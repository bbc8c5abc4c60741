import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Type } from 'typebox';
import { type Trigger, defineTrigger } from '../../triggers/define-trigger.ts';
import { alertType } from '../../triggers/events/event-type.ts';
import type { StoredMessage } from '../../triggers/nats/port.ts';
import type { Disposition, EventRecord } from '../../triggers/path/disposition.ts';
import { type ExplainOptions, type Explanation, explain, isAnswer } from '../../triggers/path/explain.ts';
import { triggerSetHash } from '../../triggers/path/trigger-set.ts';
import { explanationText } from '../../workers/explanation-text.ts';
import { alertEvent, at } from '../support/events.ts';

const STORED = Date.UTC(2026, 5, 1);

const trigger = (id: string, name: string, more: Partial<Trigger> = {}): Trigger => ({
  ...defineTrigger({
    id,
    on: alertType(name, Type.Object({ service: Type.String() })),
    run: 'restartService',
    input: ({ data }) => ({ service: data.labels.service }),
  }),
  ...more,
});
const restart = trigger('restart', 'ServiceDown');
const KEY = 'am:ServiceDown:1';

const message = (sequence: number, labels?: Record<string, string>): StoredMessage => ({
  ...at(sequence, STORED + sequence * 1_000),
  subject: 'events.eu.urgent.test.x',
  headers: {},
  data: Buffer.from(JSON.stringify(alertEvent('firing', labels === undefined ? {} : { labels }))),
});

const record = (
  sequence: number,
  triggers: readonly Trigger[],
  dispositions: readonly Disposition[],
  labels: Record<string, string> = {},
): EventRecord => ({
  kind: 'event',
  position: at(sequence, STORED + sequence * 1_000),
  event: { id: `event-${sequence}`, type: 'tocsin.alert.firing', source: 'test', alertKey: KEY, title: null, labels },
  episode: { effect: 'joined', generation: 1 },
  dispositions,
  triggerSet: triggerSetHash(triggers),
  recordedAt: new Date(0).toISOString(),
  recordedBy: 'test',
});

const joined = (id: string): Disposition => ({
  trigger: id,
  kind: 'joined',
  workflowId: `${id}/1`,
  generation: 1,
  run: 'open',
});

/** Everything that is stored, as the ports would give it back. */
function ask(
  query: string,
  stored: { readonly messages: readonly StoredMessage[]; readonly records: readonly EventRecord[] },
  triggers: readonly Trigger[],
): Promise<Explanation> {
  const options: ExplainOptions = {
    region: 'eu',
    since: 0,
    triggers,
    log: {
      get: (_stream, sequence) => Promise.resolve(stored.messages.find((each) => each.sequence === sequence) ?? null),
      read: () => each(stored.messages),
    },
    ledger: { read: () => each(stored.records) },
    book: { read: () => Promise.resolve({ episode: null, revision: 0 }) },
    runs: {
      find: () => Promise.resolve(null),
      failure: () => Promise.resolve(null),
      plan: () => Promise.resolve(null),
    },
  };
  return explain(query, options);
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

describe('explain', () => {
  it('says of each trigger that is not in the record why it did not want the event', async () => {
    const triggers = [
      restart,
      trigger('other-name', 'DiskFull'),
      trigger('said-no', 'ServiceDown', { when: () => false }),
      trigger('other-value', 'ServiceDown', { match: { status: 'resolved' } }),
    ];
    const stored = { messages: [message(1)], records: [record(1, triggers, [joined('restart')])] };
    const [event] = (await ask(KEY, stored, triggers)).events;
    assert.deepEqual(event?.filtered, [
      { trigger: 'other-name', why: 'alert is "ServiceDown", not "DiskFull"' },
      { trigger: 'said-no', why: '`when` said no' },
      { trigger: 'other-value', why: '/status is "firing", not "resolved"' },
    ]);
    assert.equal(event.rulesChanged, false);
  });

  it('a trigger that came later and would want the event is told apart from one that did not want it', async () => {
    const stored = { messages: [message(1)], records: [record(1, [], [])] };
    const [event] = (await ask(KEY, stored, [restart])).events;
    assert.equal(event?.rulesChanged, true);
    assert.match(event.filtered[0]?.why ?? '', /would want it today/);
  });

  it('an event that was put back for one trigger says nothing about the others', async () => {
    const triggers = [restart, trigger('page', 'ServiceDown')];
    const stored = { messages: [message(1)], records: [record(1, triggers, [joined('restart')])] };
    assert.deepEqual((await ask(KEY, stored, triggers)).events[0]?.filtered, []);
  });

  it('an event that has expired is explained by its record alone', async () => {
    const stored = { messages: [], records: [record(1, [restart], [joined('restart')])] };
    const [event] = (await ask('event-1', stored, [restart])).events;
    assert.deepEqual(event?.record?.dispositions, [joined('restart')]);
    assert.deepEqual(event?.filtered, []);
  });

  it('a run that Temporal has forgotten is found by its workflow id, from the record', async () => {
    const stored = { messages: [], records: [record(1, [restart], [joined('restart')])] };
    const { events, runs } = await ask('restart/1', stored, [restart]);
    assert.deepEqual([events.length, runs], [1, []]);
  });

  it('a recorded event does not wait, also when the record keeps fewer labels than the event has', async () => {
    const labels = { service: 'checkout', pod: 'a' };
    const stored = { messages: [message(1, labels)], records: [record(1, [restart], [joined('restart')])] };
    assert.equal(isAnswer(await ask('pod=a', stored, [restart])), false);
    const waiting = await ask('pod=a', { ...stored, records: [] }, [restart]);
    assert.equal(waiting.events[0]?.record, null);
  });

  it('of a row of events of which the same became, the newest is told with their number', async () => {
    const again = Array.from({ length: 99 }, (_, index) => record(index + 2, [restart], [joined('restart')]));
    const records = [record(1, [restart], []), ...again, record(101, [restart], [])];
    const { events, omitted } = await ask(KEY, { messages: [], records }, [restart]);
    assert.deepEqual(
      [events.map(({ sequence, alike }) => [sequence, alike]), omitted],
      [
        [
          [1, 0],
          [100, 98],
          [101, 0],
        ],
        0,
      ],
    );
  });

  it('of many events the newest are shown, and how many are left out', async () => {
    const twice = (index: number, id: string) => [1, 2].map((at) => record(2 * index + at, [restart], [joined(id)]));
    const records = Array.from({ length: 20 }, (_, index) => twice(index, index % 2 === 0 ? 'restart' : 'page')).flat();
    const answer = await ask(KEY, { messages: [message(41)], records }, [restart]);
    assert.deepEqual(
      [answer.events.length, answer.omitted, answer.events[0]?.sequence, answer.events.at(-1)?.sequence],
      [12, 18, 20, 41],
    );
  });

  it('a long story is told on one screen', async () => {
    const triggers = [restart, ...Array.from({ length: 20 }, (_, index) => trigger(`t${index}`, 'DiskFull'))];
    const messages = Array.from({ length: 60 }, (_, index) => message(index + 1));
    const records = messages.map(({ sequence }) => record(sequence, triggers, [joined(`restart-${sequence}`)]));
    const text = explanationText(await ask(KEY, { messages, records }, triggers), { uiUrl: null, namespace: 'x' });
    const lines = text.split('\n');
    assert.ok(lines.length <= 45, `${lines.length} lines`);
    assert.equal(lines.filter((line) => line.startsWith('no event here was wanted by t')).length, 20, text);
    const told = lines.filter((line) => line.startsWith('#')).length;
    assert.ok(told >= 3 && text.includes('#60 '), text);
    assert.ok(text.includes(`${60 - told} older events are left out`), text);
  });

  for (const query of ['nothing', '', '=', 'service=', 'service', 'x'.repeat(5_000), '*.>', "a' OR 'b"])
    it(`${JSON.stringify(query.slice(0, 20))} is answered with nothing rather than with an error`, async () => {
      const stored = { messages: [message(1)], records: [record(1, [restart], [], { service: 'checkout' })] };
      assert.equal(isAnswer(await ask(query, stored, [restart])), false);
    });
});
