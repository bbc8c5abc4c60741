import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { createWindows } from '../../activities/windows/windows.ts';
import type { Trigger } from '../../triggers/define-trigger.ts';
import { explain } from '../../triggers/path/explain.ts';
import { heldAlerts } from '../../triggers/path/held.ts';
import { createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import { createWindowRelease } from '../../triggers/path/window-release.ts';
import { restartServiceTrigger } from '../../triggers/restart-service.ts';
import type { RegionPath } from '../../workers/region-path.ts';
import { type PathServers, startPathServers } from '../support/path-servers.ts';
import { storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';
import { sentence } from '../../workers/disposition-text.ts';

const HOUR = 3_600_000;
/** A window that opens in two hours from now, for an hour: the clock of the parts is moved there by hand. */
const opening = new Date(Math.floor(Date.now() / HOUR) * HOUR + 2 * HOUR);
const time = (date: Date): string => date.toISOString().slice(11, 16);
const times = [`${time(opening)}-${time(new Date(opening.getTime() + HOUR))}`];
const zones = openZoneData({ env: process.env });
const windows = createWindows(
  { windows: { maintenance: { zone: 'UTC', times } } },
  () => zones,
  () => undefined,
);

const holding: Trigger = { ...restartServiceTrigger, id: 'holding', during: 'maintenance' };
const ignoring: Trigger = {
  ...restartServiceTrigger,
  id: 'ignoring',
  during: { window: 'maintenance', otherwise: 'ignore' },
};
const triggers = [holding, ignoring];

let servers: PathServers;
let path: RegionPath;
before(async () => {
  servers = await startPathServers();
  path = await servers.newRegion('during');
});
after(() => servers.stop());

describe('a trigger with `during`', () => {
  it('holds what comes while its window is closed; when it opens, what still fires starts once and what has resolved does not', async () => {
    const clock = { aheadMs: 0 };
    const now = (): number => Date.now() + clock.aheadMs;
    const logger = pino({ level: 'silent' });
    const process = createTriggerProcess({
      ...path,
      regions: [path.region],
      engine: servers.engine,
      triggers,
      windows,
      options: { reorderBoundMs: 0, maxInFlight: 16, ackWaitMs: 30_000 },
      instance: 'test',
      logger,
      now,
    });
    const release = createWindowRelease({ ...path, windows, perMinute: 600, logger, now });
    const send = async (status: 'firing' | 'resolved', instance: string) => {
      const { ack, event } = await storeAlert(servers.log, path.region, status, { instance });
      const position = { stream: ack.stream, sequence: ack.sequence, storedAt: 0 };
      return until(`record of #${ack.sequence}`, () => path.ledger.find(event.partitionkey ?? '', position));
    };
    process.start();
    try {
      const first = await send('firing', 'sick');
      assert.deepEqual(
        first.dispositions.map((each) => ('reason' in each ? `${each.trigger} ${each.kind}(${each.reason})` : '')),
        ['holding held(window)', 'ignoring ignored(window)'],
      );
      await send('firing', 'sick');
      await send('firing', 'healed');
      await send('resolved', 'healed');
      assert.equal(await release.look(), 0, 'it is closed');

      const key = first.event.alertKey ?? '';
      const told = await explain(key, { ...path, runs: servers.runs, triggers, since: 0 });
      const lines = told.events.flatMap(({ record }) => record?.dispositions.map(sentence) ?? []);
      assert.match(
        lines[0] ?? '',
        /^holding held it \(window\): would run restartService .* closed: .*; opens .*\[UTC\]$/,
      );

      clock.aheadMs = opening.getTime() + HOUR / 2 - Date.now();
      assert.equal(await release.look(), 1, 'one alert still fires');
      const episode = await until('it has started', async () => {
        const { episode } = await path.book.read(key);
        return episode?.triggers['holding'] === undefined ? null : episode;
      });
      const workflowId = episode.triggers['holding']?.workflowId ?? '';
      await until('the run is there', () => servers.runs.find(workflowId));
      await until('its record is there', async () =>
        (await heldAlerts(path, { since: 0 })).some(({ state }) => state === 'started'),
      );
      assert.equal(await release.look(), 0, 'once');
      assert.equal(episode.triggers['ignoring'], undefined);
      const states = (await heldAlerts(path, { since: 0 })).map(({ trigger, state }) => `${trigger} ${state}`);
      assert.deepEqual(states.toSorted(), ['holding resolved', 'holding started']);
    } finally {
      await process.close(10_000);
    }
  });
});
