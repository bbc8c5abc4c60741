/** Regions whose streams are on leaf nodes, reached through a hub by their JetStream domains. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { eventStream } from '../../triggers/nats/subject.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import { restartServiceTrigger } from '../../triggers/restart-service.ts';
import { withSession } from '../../workers/commands/session.ts';
import { regionPath } from '../../workers/region-path.ts';
import { cli } from '../support/cli.ts';
import { type LeafNodes, startLeafNodes } from '../support/leaf-nodes.ts';
import { storeAlert } from '../support/payloads.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

describe('regions on leaf nodes', () => {
  let nodes: LeafNodes;
  let servers: TestServers;
  let configFile = '';

  before(async () => {
    [nodes, servers] = await Promise.all([startLeafNodes(['east', 'west']), startTestServers({ temporal: true })]);
    configFile = join(nodes.dir, 'tocsin.yaml');
    const place = (name: string): object => ({ name, zone: 'UTC', nats: { url: nodes.url, domain: name } });
    writeFileSync(configFile, stringify({ regions: ['east', 'west'].map(place) }));
    const env = { ...process.env, TOCSIN_CONFIG: configFile, TEMPORAL_ADDRESS: servers.temporalAddress };
    const made = await until('both leaves are connected', async () => {
      const result = await cli(env, 'topology', '--apply', '--json');
      return result.code === 0 ? result : null;
    });
    assert.match(made.stdout, /EVENTS_EAST[\s\S]*EVENTS_WEST/);
  });
  after(async () => {
    await nodes?.stop();
    await servers?.stopAll();
  });

  it('each stores its own events, and a trigger process reads and records them by domain', async () => {
    const connection = await Connection.connect({ address: servers.temporalAddress });
    const engine = createEngine({ client: new Client({ connection }), namespace: servers.namespace });
    try {
      await withSession({ configFile, json: true }, async (session) => {
        const log = await session.log();
        for (const region of ['east', 'west']) {
          const path = regionPath(region, log);
          await storeAlert(log, region, 'firing', { instance: `${region}-1` });
          assert.equal((await log.streamState(eventStream(region))).messages, 1);
          const process = createTriggerProcess({
            ...path,
            regions: [region],
            engine,
            triggers: [restartServiceTrigger],
            options: { reorderBoundMs: 0, maxInFlight: 16, ackWaitMs: 30_000, catchUpPerMinute: 1_200 },
            instance: 'test',
            logger: pino({ level: 'silent' }),
          });
          process.start();
          try {
            const record = await until(`${region} records it`, async () => {
              for await (const each of path.ledger.read({})) if (each.kind === 'event') return each;
              return null;
            });
            assert.equal(record.position.stream, eventStream(region));
          } finally {
            await process.close(10_000);
          }
        }
      });
    } finally {
      await connection.close();
    }
  });
});
