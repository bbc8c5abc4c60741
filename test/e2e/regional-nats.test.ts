import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import { LogRefused, LogUnavailable } from '../../triggers/nats/errors.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { bookStream, bookSubject, eventStream, eventSubject } from '../../triggers/nats/subject.ts';
import { type Config, loadConfig } from '../../workers/config.ts';
import { withSession } from '../../workers/commands/session.ts';
import { topologyOf } from '../../workers/provision.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('two regions on two NATS servers', () => {
  const servers: TestServers[] = [];
  const own: EventLog[] = [];
  let file = '';
  let config: Config;

  before(async () => {
    for (const _ of ['eu', 'us']) servers.push(await startTestServers({ nats: true }));
    file = join(servers[0]?.dir ?? '', 'tocsin.yaml');
    const place = (name: string, zone: string, index: number): object => ({
      name,
      zone,
      nats: { url: servers[index]?.natsUrl },
    });
    writeFileSync(file, stringify({ regions: [place('eu', 'Europe/Berlin', 0), place('us', 'America/New_York', 1)] }));
    config = loadConfig({ file, env: {} });
    for (const { natsUrl } of servers) own.push(await connectLog({ servers: natsUrl, name: 'test' }));
  });
  after(async () => {
    for (const log of own) await log.close();
    for (const each of servers) await each.stopAll();
  });

  it('each has its streams on its own server, and its events go there', async () => {
    await withSession({ configFile: file, json: true }, async (session) => {
      const log = await session.log();
      const missing = await log.ensureTopology(topologyOf(config), false);
      assert.ok(
        missing.some((line) => line.includes('EVENTS_EU')) && missing.some((line) => line.includes('EVENTS_US')),
      );
      await log.ensureTopology(topologyOf(config), true);
      assert.deepEqual(await log.ensureTopology(topologyOf(config), false), []);
      for (const region of config.regions)
        await log.publish(eventSubject(region, 'normal', 'test', 'it'), bytes(region));
      for (const [index, region] of config.regions.entries()) {
        const other = config.regions[1 - index] ?? '';
        const server = own[index] ?? assert.fail('no server');
        const stored = await server.get(eventStream(region), 1);
        assert.equal(new TextDecoder().decode(stored?.data), region);
        assert.equal((await log.streamState(eventStream(region))).messages, 1);
        await assert.rejects(server.streamState(eventStream(other)), LogRefused);
        const { sequence } = await log.publish(bookSubject(region, 'key'), bytes('{}'), { expectLastSequence: 0 });
        assert.equal((await server.last(bookStream(region), bookSubject(region, 'key')))?.sequence, sequence);
      }
    });
  });

  it('refuses what belongs to no region', async () => {
    await withSession({ configFile: file, json: true }, async (session) => {
      const log = await session.log();
      await assert.rejects(log.publish('events.mars.normal.a.b', bytes('')), LogRefused);
      await assert.rejects(log.streamState('EVENTS_MARS'), /belongs to no region/);
    });
  });

  it('goes on in one while the server of the other is away', async () => {
    await withSession({ configFile: file, json: true }, async (session) => {
      const log = await session.log();
      await servers[1]?.nats.kill();
      try {
        const [ack] = await Promise.all([
          log.publish(eventSubject('eu', 'normal', 'test', 'it'), bytes('on')),
          assert.rejects(log.publish(eventSubject('us', 'normal', 'test', 'it'), bytes('off')), LogUnavailable),
        ]);
        assert.equal(ack.stream, 'EVENTS_EU');
      } finally {
        await servers[1]?.nats.start();
      }
    });
  });
});
