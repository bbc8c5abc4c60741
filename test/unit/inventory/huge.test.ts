import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createInventory } from '../../../activities/inventory/inventory.ts';
import { createProvider } from '../../../activities/inventory/provider.ts';
import { fileSource } from '../../../activities/inventory/source.ts';
import { manualClock } from '../../support/manual-clock.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-huge-'));
after(() => rmSync(dir, { recursive: true, force: true }));

/** As many as `inventory.maxTargets` may say. */
const MOST = 100_000;
const path = join(dir, 'fleet.json');
const write = (targets: readonly object[]): void => writeFileSync(path, JSON.stringify({ targets }));

test('of a hundred thousand targets all are there; one more refuses the answer and keeps the last good one', async () => {
  const fleet = Array.from({ length: MOST }, (_, index) => ({
    id: `web-${index}`,
    kind: 'host',
    service: `shop-${index % 500}`,
    region: 'eu',
    labels: { tier: 'web', rack: `r${index % 40}` },
  }));
  const provider = createProvider({
    name: 'cmdb',
    source: fileSource(path),
    regions: ['eu'],
    maxTargets: MOST,
    refreshMs: 60_000,
    maxAgeMs: 3_600_000,
    file: join(dir, 'kept.json'),
    now: manualClock().now,
  });
  const inventory = createInventory([provider]);
  const { signal } = new AbortController();

  write(fleet);
  await provider.refresh(signal);
  assert.equal(inventory.size({ tier: 'web' }), MOST);
  assert.equal(inventory.size({ rack: 'r7' }), MOST / 40);
  assert.equal(inventory.find('web-99999', 'eu').service, 'shop-499');

  write([...fleet, { id: 'one-more', region: 'eu' }]);
  await provider.refresh(signal);
  assert.match(provider.status().why ?? '', /has 100001 targets, expected at most 100000 \(inventory\.maxTargets\)/);
  assert.equal(inventory.size({}), MOST);
  assert.throws(() => inventory.find('one-more', 'eu'), /is not in the inventory of region eu/);
});
