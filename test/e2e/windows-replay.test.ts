/** Runs within windows replay: recorded ones on the kit of today, and one in progress when the zone data of its worker changes. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Worker } from '@temporalio/worker';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { OVERRIDE_SIGNAL } from '../../workflows/kit/window-message.ts';
import { runbooksBundle } from '../support/bundles.ts';
import { until } from '../support/until.ts';
import { startWindowLab } from '../support/window-lab.ts';

const HISTORIES = join(import.meta.dirname, '../histories/windows');
const SYSTEM = '/usr/share/zoneinfo';
const dir = mkdtempSync(join(tmpdir(), 'tocsin-tzdata-'));
after(() => rmSync(dir, { recursive: true, force: true }));

/** A release of zone data in which Berlin keeps the time of another place. */
function release(version: string, place: string): string {
  const directory = join(dir, version);
  mkdirSync(join(directory, 'Europe'), { recursive: true });
  cpSync(join(SYSTEM, place), join(directory, 'Europe/Berlin'), { dereference: true });
  cpSync(join(SYSTEM, place), join(directory, 'America/Vancouver'), { dereference: true });
  writeFileSync(join(directory, 'tzdata.zi'), `# version ${version}\n`);
  return directory;
}

describe('runs within windows', () => {
  it('of every outcome replay as they were recorded', async () => {
    const histories = readdirSync(HISTORIES).map((file) => ({
      workflowId: file,
      history: JSON.parse(readFileSync(join(HISTORIES, file), 'utf8')) as never,
    }));
    assert.deepEqual(
      histories.map(({ workflowId }) => workflowId),
      ['begun-late', 'carried-over', 'cut-off', 'doubtful', 'frozen-meanwhile', 'left-over', 'opened-by-hand', 'opened']
        .map((name) => `${name}.json`)
        .toSorted(),
    );
    const bundle = await runbooksBundle(join(import.meta.dirname, '../support/window-runbooks.ts'));
    for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: bundle }, histories))
      assert.equal(error, undefined, `${workflowId}: ${error?.message}`);
  });

  it('go on by another release of the zone data, and keep what the one of before decided', async () => {
    const hour = new Date().getUTCHours();
    const releases = [release('2030a', placeAt(14, hour)), release('2030b', placeAt(6, hour))].map((TZDIR) =>
      openZoneData({ env: { TZDIR } }),
    );
    let current = releases[0] ?? assert.fail();
    const lab = await startWindowLab({ zones: () => current });
    try {
      const id = await lab.begin('patch', {}, { window: 'morning' });
      await until('it waits', async () => (await lab.details(id)).includes('waits for window morning'));
      current = releases[1] ?? assert.fail();
      const handle = lab.temporal.client.workflow.getHandle(id);
      // Nothing that opens a window by hand, but a reason to look again.
      await handle.signal(OVERRIDE_SIGNAL, 'morning', { payload: '', key: '', signature: '' });
      assert.equal(await handle.result(), 'done');
      const decided = (await handle.fetchHistory()).events?.flatMap((event) => {
        const payload = event.markerRecordedEventAttributes?.details?.['result']?.payloads?.[0]?.data;
        return payload == null
          ? []
          : [JSON.parse(Buffer.from(payload).toString('utf8')) as { kind: string; tz: string }];
      });
      assert.deepEqual(
        decided?.map(({ kind, tz }) => `${kind} ${tz}`),
        ['wait 2030a', 'open 2030b'],
      );
    } finally {
      await lab.stop();
    }
  });
});

/** A place where it is the given hour now; `Etc/GMT-3` is three hours ahead of Greenwich. */
function placeAt(local: number, hour: number): string {
  const ahead = ((local - hour + 36) % 24) - 12;
  return ahead === 0 ? 'UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}
