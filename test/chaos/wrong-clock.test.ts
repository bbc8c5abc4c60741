/** A trigger process, or a worker, on a host whose clock is wrong from the start, or goes wrong while it runs, beside servers whose clocks are right. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import type { RegionPath } from '../../workers/region-path.ts';
import { OVERRIDE_SIGNAL } from '../../workflows/kit/window-message.ts';
import { type PathServers, startPathServers } from '../support/path-servers.ts';
import { storeAlert } from '../support/payloads.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { type SkewedProcess, lacksFaketime, startSkewed } from '../support/skewed-process.ts';
import { until } from '../support/until.ts';

const PROCESS = join(import.meta.dirname, '../support/clock-process.ts');
const WORKER = join(import.meta.dirname, '../support/window-process.ts');

describe('a trigger on a host whose clock is wrong', { skip: lacksFaketime }, () => {
  let servers: PathServers;
  let dir: string;
  before(async () => {
    servers = await startPathServers();
    dir = mkdtempSync(join(tmpdir(), 'tocsin-clock-'));
  });
  after(async () => {
    await servers?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const begin = (region: string, offset: string): Promise<SkewedProcess> =>
    startSkewed(join(dir, `${region}.offset`), offset, [PROCESS, servers.natsUrl, servers.temporalAddress, region]);

  async function outcomeOf(path: RegionPath, instance: string): Promise<string> {
    const { ack, event } = await storeAlert(servers.log, path.region, 'firing', { instance });
    const position = { stream: ack.stream, sequence: ack.sequence, storedAt: 0 };
    const record: EventRecord = await until(`record of ${instance}`, () =>
      path.ledger.find(event.partitionkey ?? '', position),
    );
    const [first] = record.dispositions;
    return first?.kind === 'held' ? `${first.reason}: ${first.detail}` : (first?.kind ?? 'nothing');
  }

  for (const [name, offset, pattern] of [
    ['right', '+0', /^started$/],
    ['hour-ahead', '+1h', /^window: .*closed by doubt: the clock of this host is 60 min ahead of that of the NATS/],
    ['hour-behind', '-1h', /^window: .*closed by doubt: the clock of this host is 60 min behind that of the NATS/],
    ['days-ahead', '+3d', /^window: .*closed by doubt: the clock of this host is 4320 min ahead of that of the NATS/],
    ['days-behind', '-3d', /^window: .*closed by doubt: the clock of this host is 4320 min behind that of the NATS/],
  ] as const)
    it(`${name}: ${pattern.source}`, async () => {
      const path = await servers.newRegion(name);
      const host = await begin(name, offset);
      try {
        assert.match(await outcomeOf(path, name), pattern);
      } finally {
        await host.stop();
      }
    });

  it('jumps while it runs: closed at the very next event, open again when it is set right', async () => {
    const path = await servers.newRegion('jumps');
    const host = await begin('jumps', '+0');
    try {
      assert.equal(await outcomeOf(path, 'before'), 'started');
      host.set('+3d');
      assert.match(await outcomeOf(path, 'ahead'), /^window: .*4320 min ahead of/);
      host.set('-1h');
      assert.match(await outcomeOf(path, 'behind'), /^window: .*60 min behind/);
      host.set('+0');
      assert.equal(await outcomeOf(path, 'after'), 'started');
    } finally {
      await host.stop();
    }
  });
});

describe('a worker on a host whose clock is wrong', { skip: lacksFaketime }, () => {
  let servers: TestServers;
  let connection: Connection;
  before(async () => {
    servers = await startTestServers({ temporal: true });
    connection = await Connection.connect({ address: servers.temporalAddress });
  });
  after(async () => {
    await connection?.close();
    await servers?.stopAll();
  });

  for (const [offset, pattern] of [
    ['+1h', /closed by doubt: the clock of this host is 60 min ahead of that of the Temporal server/],
    ['-3d', /closed by doubt: the clock of this host is 4320 min behind that of the Temporal server/],
  ] as const)
    it(`by ${offset} gives no opening to a run, and does once it is set right`, async () => {
      const host = await startSkewed(join(servers.dir, `${offset}.offset`), offset, [WORKER, servers.temporalAddress]);
      try {
        const run = new Client({ connection }).workflow.getHandle(host.said);
        await until('it waits', async () =>
          pattern.test(JSON.stringify(await run.query('__temporal_workflow_metadata'))),
        );
        host.set('+0');
        // It looks again in five minutes, or when it is woken.
        await run.signal(OVERRIDE_SIGNAL, 'open', { payload: '', key: '', signature: '' });
        assert.equal(await run.result(), 'done');
      } finally {
        await host.stop();
      }
    });
});
