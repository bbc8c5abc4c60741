import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { type ZoneData, openZoneData } from '../../activities/calendar/zone-data.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { watchZoneData } from '../../workers/zone-data-watch.ts';

const MINUTE_MS = 60_000;

describe('the watch of the zone data', () => {
  it('tells the release at the start and when another is read, in the log and in the metric', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const lines: { level: number; msg: string; tzdb?: string; version?: string }[] = [];
    const metrics = createMetrics({ triggers: [], version: '1.2.3' });
    const release = async (): Promise<string[]> => {
      const text = await metrics.registry.getSingleMetricAsString('tocsin_build_info');
      return [...text.matchAll(/tzdata="([^"]*)"/g)].map(([, tzdata]) => tzdata ?? '');
    };
    const real = openZoneData();
    const old: ZoneData = { ...real, tzdb: '2026a' };
    const newer: ZoneData = { ...real, tzdb: '2026b' };
    let zones = (): ZoneData => old;
    const watch = watchZoneData({
      zones: () => zones(),
      version: '1.2.3',
      logger: pino({}, { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) }),
      onRelease: metrics.zoneData,
    });
    t.after(() => watch.close());
    const told = (): string[] => lines.map(({ msg }) => msg);
    assert.deepEqual(told(), ['tocsin 1.2.3 decides by zone data 2026a']);
    assert.deepEqual([lines[0]?.version, lines[0]?.tzdb], ['1.2.3', '2026a']);
    assert.deepEqual(await release(), ['2026a']);
    t.mock.timers.tick(5 * MINUTE_MS);
    assert.equal(told().length, 1);
    zones = () => newer;
    t.mock.timers.tick(MINUTE_MS);
    assert.deepEqual(told().slice(1), ['zone data was read again: 2026b, before 2026a']);
    assert.deepEqual(await release(), ['2026b']);
    zones = () => assert.fail('no zones');
    t.mock.timers.tick(3 * MINUTE_MS);
    assert.deepEqual(told().slice(2), ['zone data cannot be read; what stands on local time waits']);
    watch.close();
    zones = () => old;
    t.mock.timers.tick(3 * MINUTE_MS);
    assert.equal(told().length, 3);
  });
});
