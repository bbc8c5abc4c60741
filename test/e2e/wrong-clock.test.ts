/** A trigger process on a host whose clock is wrong from the start, or goes wrong while it runs, beside servers whose clocks are right. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import type { RegionPath } from '../../workers/region-path.ts';
import { type PathServers, startPathServers } from '../support/path-servers.ts';
import { storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
const lacksFaketime = existsSync(FAKETIME) ? false : 'faketime (Debian) is not installed';
const PROCESS = join(import.meta.dirname, '../support/clock-process.ts');

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

  /** A process whose clock is off by what the file says, such as `+3d`; it is read anew at each look at the clock. */
  async function begin(region: string, offset: string): Promise<{ set(to: string): void; stop(): Promise<void> }> {
    const file = join(dir, `${region}.offset`);
    const set = (to: string): void => writeFileSync(file, to);
    set(offset);
    const child: ChildProcess = spawn(
      process.execPath,
      ['--import', 'tsx', PROCESS, servers.natsUrl, servers.temporalAddress, region],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          ...process.env,
          LD_PRELOAD: FAKETIME,
          FAKETIME_TIMESTAMP_FILE: file,
          FAKETIME_NO_CACHE: '1',
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        },
      },
    );
    const stop = async (): Promise<void> => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    };
    try {
      const ended = once(child, 'exit').then(() => assert.fail('the process ended'));
      await Promise.race([once(child.stdout!, 'data'), ended]);
      return { set, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  }

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
