import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { triggers } from '../../triggers/index.ts';
import { NO_CONTROL } from '../../triggers/path/control.ts';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import { type Metrics, createMetrics } from '../../workers/metrics.ts';
import type { WatchedRegion } from '../../workers/region-gauges.ts';
import { metricsContract, offeredMetrics } from '../support/metrics-contract.ts';

const NOW = 1_000_000;
const create = (): Metrics => createMetrics({ triggers: ['restart'], version: '1.2.3', now: () => NOW });
const record = (...dispositions: EventRecord['dispositions'][number][]): EventRecord =>
  ({ position: { storedAt: NOW - 500 }, event: {}, dispositions }) as unknown as EventRecord;
const log = {
  consumerState: () => Promise.resolve({ pending: 2, ackPending: 1, redelivered: 0, ackFloor: 7, pulls: 0 }),
  next: (_stream: string, _filter: string, sequence: number) =>
    Promise.resolve(sequence === 8 ? { storedAt: NOW - 90_000 } : null),
  streamState: () =>
    Promise.resolve({ messages: 3, bytes: 50, maxBytes: 100, firstSequence: 1, lastSequence: 3, createdAt: 0 }),
} as unknown as WatchedRegion['log'];
const watched: WatchedRegion = { log, control: { read: () => Promise.resolve(NO_CONTROL) }, triggers };

/** Everything that can be counted, once. */
function used(): Metrics {
  const metrics = create();
  metrics.accepted('am', 2);
  metrics.rejected('am', 'not-json');
  metrics.missing('am', 3);
  metrics.recorded('eu', record({ trigger: 'restart', kind: 'dead', reason: 'x', message: '' }));
  metrics.recorded('eu', record());
  metrics.recorded('eu', record({ trigger: 'restart', kind: 'held', reason: 'stale', detail: '' }));
  metrics.pathError('eu', 'pause');
  metrics.runFailed('eu', 'restart', 'failed');
  metrics.swept('eu');
  metrics.condition('restart', 1);
  metrics.noWorker('eu');
  metrics.notices('slack', 'sent', 1);
  metrics.answerRefused('approve', 'malformed');
  metrics.clockAhead('nats', -1_500);
  metrics.watchRegion('eu', watched);
  metrics.zoneData('2025b');
  return metrics;
}

describe('metrics', () => {
  it('are what the documentation promises: names, types, labels', async () => {
    const offered = offeredMetrics(await used().registry.metrics());
    const promised = metricsContract();
    assert.deepEqual([...offered.keys()].toSorted(), promised.map(({ name }) => name).toSorted());
    for (const { name, type, labels } of promised) {
      const metric = offered.get(name);
      assert.equal(metric?.type, type, name);
      assert.deepEqual([...(metric?.labels ?? [])].toSorted(), [...labels].toSorted(), name);
    }
  });

  it('a scrape reads lag, age, letters, streams and pauses', async () => {
    const page = await used().registry.metrics();
    for (const line of [
      'tocsin_events_waiting{region="eu",lane="urgent"} 3',
      'tocsin_oldest_event_age_seconds{region="eu",lane="normal"} 90',
      'tocsin_lane_pulled{region="eu",lane="urgent"} 1',
      'tocsin_dead_letters{region="eu"} 3',
      'tocsin_stream_full_ratio{stream="LEDGER_EU"} 0.5',
      `tocsin_trigger_paused{region="eu",trigger="${triggers[0]?.id}"} 0`,
      'tocsin_clock_ahead_seconds{server="nats"} -1.5',
      'tocsin_last_settled_timestamp_seconds{region="eu"} 1000',
    ])
      assert.ok(page.includes(`${line}\n`), `${line} in\n${page}`);
  });

  it('a region that cannot be read has no sample, rather than an old one', async () => {
    const metrics = create();
    let away = false;
    const consumerState = () =>
      away ? Promise.reject(new Error('away')) : watched.log.consumerState('EVENTS_EU', 'trigger-urgent');
    metrics.watchRegion('eu', { ...watched, log: { ...watched.log, consumerState } });
    assert.match(await metrics.registry.metrics(), /tocsin_events_waiting\{/);
    away = true;
    assert.doesNotMatch(await metrics.registry.metrics(), /tocsin_events_waiting\{/);
  });

  it('a run without a trigger has a label too, and its first failure shows as a rate', async () => {
    const metrics = create();
    metrics.watchRegion('eu', watched);
    const failed = async (): Promise<string | undefined> =>
      /^tocsin_runs_failed_total\{region="eu",trigger="other",outcome="terminated"\} (\d+)$/m.exec(
        await metrics.registry.metrics(),
      )?.[1];
    assert.equal(await failed(), '0');
    metrics.runFailed('eu', '', 'terminated');
    assert.equal(await failed(), '1');
  });

  it('a trigger that nobody configured is no label of its own', async () => {
    const metrics = create();
    for (let each = 0; each < 50; each += 1) metrics.runFailed('eu', `made-up-${each}`, 'failed');
    assert.match(
      await metrics.registry.metrics(),
      /tocsin_runs_failed_total\{region="eu",trigger="other",outcome="failed"\} 50\n/,
    );
  });
});
