import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { regionTopology } from '../../triggers/nats/topology.ts';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import { strangersTo } from '../../triggers/path/stream-identity.ts';
import { type RegionPath, regionPath } from '../../workers/region-path.ts';
import { useLog } from '../support/events-log.ts';

const HOUR_MS = 3_600_000;

describe('an events stream that was made anew', () => {
  const on = useLog();

  const newRegion = async (region: string): Promise<RegionPath> => {
    const specs = regionTopology(region, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 1_000 });
    await on.log.ensureTopology(
      specs.map((spec) => ({ ...spec, maxBytes: 100_000_000 })),
      true,
    );
    return regionPath(region, on.log);
  };
  const recordOf = (stream: string, storedAt: number): EventRecord => ({
    kind: 'event',
    position: { stream, sequence: 1, storedAt },
    event: { id: 'firing', type: 'tocsin.alert.firing', source: 'test', alertKey: 'key', title: null, labels: {} },
    episode: { effect: 'opened', generation: 1 },
    dispositions: [],
    triggerSet: 'set',
    recordedAt: new Date(storedAt).toISOString(),
    recordedBy: 'test',
  });
  const letterOf = (stream: string, storedAt: number) => ({
    trigger: 'restart',
    reason: 'schema',
    message: 'no service',
    original: {
      stream,
      sequence: 1,
      storedAt,
      subject: 'events.x.urgent.a.b',
      headers: {},
      data: new Uint8Array([123, 125]),
    },
    deliveryCount: 1,
    recordedBy: 'test',
  });

  it('with an empty ledger, or with records of its own, nothing is wrong', async () => {
    const { ledger, deadLetters } = await newRegion('sound');
    await ledger.probe();
    await ledger.record(recordOf('EVENTS_SOUND', Date.now()));
    await deadLetters.bury(letterOf('EVENTS_SOUND', Date.now()));
    await ledger.probe();
    assert.deepEqual(await strangersTo(on.log, 'sound'), []);
  });

  it('is not pulled from while the ledger has records from before it, and the error says what to do', async () => {
    const { ledger } = await newRegion('anew');
    await ledger.record(recordOf('EVENTS_ANEW', Date.now() - HOUR_MS));
    await assert.rejects(
      ledger.probe(),
      /EVENTS_ANEW was made anew, and LEDGER_ANEW still speaks .* bring the old stream/,
    );
  });

  it('nor while dead letters from before it are kept', async () => {
    const { ledger, deadLetters } = await newRegion('letters');
    await deadLetters.bury(letterOf('EVENTS_LETTERS', Date.now() - HOUR_MS));
    assert.deepEqual(await strangersTo(on.log, 'letters'), ['DLQ_LETTERS']);
    await assert.rejects(ledger.probe(), /DLQ_LETTERS still speaks/);
  });
});
