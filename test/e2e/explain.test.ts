import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { Type } from 'typebox';
import { type Trigger, defineTrigger } from '../../triggers/define-trigger.ts';
import { alertType } from '../../triggers/events/event-type.ts';
import { type Explanation, explain, isAnswer } from '../../triggers/path/explain.ts';
import { createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import type { RegionPath } from '../../workers/region-path.ts';
import { type PathServers, startPathServers } from '../support/path-servers.ts';
import { type PayloadOptions, storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

const triggers = [
  defineTrigger({
    id: 'restart',
    on: alertType('ServiceDown', Type.Object({ service: Type.String() })),
    run: 'restartService',
    input: ({ data }) => ({ service: data.labels.service }),
  }),
];

let servers: PathServers;
before(async () => {
  servers = await startPathServers();
});
after(() => servers.stop());

const ask = (path: RegionPath, query: string, given: readonly Trigger[] = triggers): Promise<Explanation> =>
  explain(query, { ...path, runs: servers.runs, triggers: given, since: 0 });

/** Store alerts while a trigger process runs, each after the record of the one before it. */
async function decided(path: RegionPath, alerts: readonly (readonly ['firing' | 'resolved', PayloadOptions])[]) {
  const process = createTriggerProcess({
    ...path,
    regions: [path.region],
    engine: servers.engine,
    triggers,
    options: { reorderBoundMs: 0, maxInFlight: 1, ackWaitMs: 30_000 },
    instance: 'test',
    logger: pino({ level: 'silent' }),
  });
  process.start();
  try {
    const stored = [];
    for (const [status, options] of alerts) {
      const one = await storeAlert(servers.log, path.region, status, options);
      const position = { ...one.ack, storedAt: 0 };
      await until('it is recorded', () => path.ledger.find(one.event.partitionkey ?? '', position));
      stored.push(one);
    }
    return stored;
  } finally {
    await process.close(10_000);
  }
}

describe('explain', () => {
  it('an event that waits is found by alert key, event id and label, with who wants it and who does not', async () => {
    const path = await servers.newRegion('waiting');
    const { event } = await storeAlert(servers.log, path.region, 'firing', { name: 'Other', instance: 'b' });
    for (const query of [event.partitionkey ?? '', event.id, 'instance=b']) {
      const { events, episode, runs } = await ask(path, query);
      assert.equal(events.length, 1, query);
      assert.equal(events[0]?.record, null);
      assert.deepEqual(events[0]?.filtered, [{ trigger: 'restart', why: 'alert is "Other", not "ServiceDown"' }]);
      assert.deepEqual([episode, runs], [null, []]);
    }
    assert.equal(isAnswer(await ask(path, 'instance=c')), false);
  });

  it('an episode that is over: what opened it, what closed it, what ran and why it failed', async () => {
    const path = await servers.newRegion('over');
    const [fired, resolved] = await decided(path, [
      ['firing', {}],
      ['resolved', { endsAt: '2026-01-01T00:10:00Z' }],
    ]);
    const alertKey = fired?.event.partitionkey ?? '';
    const [run] = (await ask(path, alertKey)).runs;
    assert.ok(run);
    await servers.client.workflow.getHandle(run.workflowId).terminate('by an operator');
    const answer = await ask(path, alertKey);
    assert.deepEqual(
      answer.events.map(({ sequence, record }) => [sequence, record?.episode?.effect, record?.dispositions[0]?.kind]),
      [
        [fired?.ack.sequence, 'opened', 'started'],
        [resolved?.ack.sequence, 'closed', 'joined'],
      ],
    );
    assert.equal(answer.episode?.status, 'closed');
    assert.equal(answer.episode.openedBy?.sequence, fired?.ack.sequence);
    assert.equal(answer.episode.lastResolve?.by.sequence, resolved?.ack.sequence);
    assert.deepEqual(
      answer.runs.map(({ status, failure }) => [status, failure]),
      [['terminated', 'by an operator']],
    );
    const byRun = await ask(path, run.workflowId);
    assert.deepEqual(byRun.events, answer.events, 'the workflow id names the same episode');
  });
});
