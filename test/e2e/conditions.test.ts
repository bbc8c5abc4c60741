/** What a trigger asks of an event, on real servers: what cannot be answered is that trigger's dead letter, and nobody else's. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { Type } from 'typebox';
import { type Trigger, defineTrigger } from '../../triggers/define-trigger.ts';
import { alertType } from '../../triggers/events/event-type.ts';
import type { StoredDeadLetter } from '../../triggers/path/ports.ts';
import { createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import { type PathServers, startPathServers } from '../support/path-servers.ts';
import { storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

const labels = Type.Object({ service: Type.String() });
const common = { run: 'restartService', input: () => ({ service: 'checkout' }) } as const;
const good = defineTrigger({ ...common, id: 'good', on: alertType('ServiceDown', labels) });
const SLOW_MS = 30;

let servers: PathServers;
before(async () => {
  servers = await startPathServers();
});
after(() => servers.stop());

/** One alert through a trigger process with these triggers; everything that it leaves behind. */
async function decide(name: string, triggers: readonly Trigger[]) {
  const path = await servers.newRegion(name);
  const conditions: { trigger: string; ms: number }[] = [];
  const process = createTriggerProcess({
    ...path,
    regions: [path.region],
    engine: servers.engine,
    triggers,
    options: { reorderBoundMs: 0, maxInFlight: 1, ackWaitMs: 30_000 },
    instance: 'test',
    logger: pino({ level: 'silent' }),
    onCondition: (trigger, ms) => conditions.push({ trigger, ms }),
  });
  const { ack, event } = await storeAlert(servers.log, path.region, 'firing');
  process.start();
  try {
    const position = { ...ack, storedAt: 0 };
    const record = await until('the record', () => path.ledger.find(event.partitionkey ?? '', position));
    const letters: StoredDeadLetter[] = [];
    for await (const letter of path.deadLetters.list()) letters.push(letter);
    const message = await servers.log.get(ack.stream, ack.sequence);
    assert.ok(message);
    return { record, letters, message, conditions };
  } finally {
    await process.close(10_000);
  }
}

const kinds = ({ record }: Awaited<ReturnType<typeof decide>>): string[] =>
  record.dispositions.map(({ trigger, kind }) => `${trigger ?? ''} ${kind}`).toSorted();

describe('conditions', () => {
  for (const [reason, message, broken] of [
    [
      'when-threw',
      /no such field/,
      defineTrigger({
        ...common,
        id: 'broken',
        on: alertType('ServiceDown', labels),
        when: () => {
          throw new Error('no such field');
        },
      }),
    ],
    [
      'schema',
      /tier/,
      defineTrigger({
        ...common,
        id: 'broken',
        on: alertType('ServiceDown', Type.Object({ service: Type.String(), tier: Type.String() })),
      }),
    ],
  ] as const)
    it(`${reason}: one dead letter with the bytes as they were stored; the other trigger starts its run`, async () => {
      const decided = await decide(reason, [broken, good]);
      assert.deepEqual(kinds(decided), ['broken dead', 'good started']);
      const [letter, ...more] = decided.letters;
      assert.ok(letter);
      assert.equal(more.length, 0);
      assert.deepEqual([letter.trigger, letter.reason], ['broken', reason]);
      assert.match(letter.message, message);
      assert.equal(letter.original.sequence, decided.message.sequence);
      assert.ok(Buffer.from(letter.data).equals(decided.message.data));
    });

  it('a slow condition is seen, and decides all the same', async () => {
    const slow = defineTrigger({
      ...common,
      id: 'slow',
      on: alertType('ServiceDown', labels),
      when: () => {
        const end = performance.now() + SLOW_MS;
        while (performance.now() < end);
        return true;
      },
    });
    const decided = await decide('slow', [slow, good]);
    assert.deepEqual(kinds(decided), ['good started', 'slow started']);
    const [condition, ...more] = decided.conditions;
    assert.ok(condition);
    assert.equal(more.length, 0, 'only a trigger with a condition has one');
    assert.equal(condition.trigger, 'slow');
    assert.ok(condition.ms >= SLOW_MS, `${condition.ms} ms`);
  });
});
