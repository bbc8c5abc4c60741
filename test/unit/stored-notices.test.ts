/** Records that are told, and one that the server hands out again while it waits for a channel. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { Consumption, Delivery } from '../../triggers/nats/port.ts';
import { ledgerStream } from '../../triggers/nats/subject.ts';
import type { RunRecord } from '../../triggers/path/disposition.ts';
import { startStoredNotices } from '../../workers/notify/stored-notices.ts';
import { manualClock, turn } from '../support/manual-clock.ts';

const REGION = 'eu';
const failed: RunRecord = {
  kind: 'run',
  workflowId: 'restart/1',
  runId: 'r-1',
  trigger: 'restart',
  outcome: 'failed',
  detail: 'there is no money',
  closedAt: null,
  recordedAt: '2026-01-01T00:00:00.000Z',
};

/** Its deliveries are the test's, and so is what becomes of a notice. */
function setUp() {
  const handlers = new Map<string, (delivery: Delivery) => Promise<void>>();
  const clock = manualClock();
  const said: string[] = [];
  const told: { readonly key: string; readonly settle: (delivered: boolean) => void }[] = [];
  const consumption: Consumption = { pulling: () => true, close: () => Promise.resolve() };
  startStoredNotices({
    region: REGION,
    log: {
      consume: ({ stream }, handler) => {
        handlers.set(stream, handler);
        return Promise.resolve(consumption);
      },
    },
    notifier: { tell: ({ key }) => new Promise((settle) => told.push({ key, settle })) },
    ackWaitMs: 3_000,
    linkTo: () => null,
    logger: pino({ level: 'silent' }),
    clock,
  });
  const deliver = (sequence: number, deliveryCount: number): Promise<void> => {
    const name = `${sequence}.${deliveryCount}`;
    return (
      handlers.get(ledgerStream(REGION))?.({
        stream: ledgerStream(REGION),
        subject: 'test',
        sequence,
        storedAt: clock.now(),
        headers: {},
        data: new TextEncoder().encode(JSON.stringify(failed)),
        deliveryCount,
        ack: () => Promise.resolve(void said.push(`ack ${name}`)),
        nak: () => void said.push(`nak ${name}`),
        working: () => undefined,
      }) ?? assert.fail('nobody consumes the ledger')
    );
  };
  return { deliver, told, said };
}

describe('notices of what is stored', () => {
  for (const [delivered, end] of [
    [true, 'ack'],
    [false, 'nak'],
  ] as const)
    it(`a record that comes again while it waits is told once, and both end with ${end}`, async () => {
      const { deliver, told, said } = setUp();
      const both = [deliver(7, 1), deliver(7, 2)];
      await turn();
      assert.deepEqual(
        told.map(({ key }) => key),
        ['run/restart/1/failed'],
      );
      assert.deepEqual(said, [], 'nothing is settled before it is told');
      told[0]?.settle(delivered);
      await Promise.all(both);
      assert.deepEqual(said, [`${end} 7.1`, `${end} 7.2`]);
      // Afterwards it is told anew, and another record never waited for it.
      const later = [deliver(7, 3), deliver(8, 1)];
      await turn();
      assert.equal(told.length, 3);
      for (const { settle } of told.slice(1)) settle(true);
      await Promise.all(later);
    });
});
