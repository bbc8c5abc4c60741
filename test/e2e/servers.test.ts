import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { provideBinary } from '../../workers/servers/binaries.ts';
import { startNatsServer } from '../../workers/servers/nats-server.ts';
import { listens } from '../../workers/servers/server-process.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';

describe('servers', () => {
  let servers: TestServers;
  before(async () => {
    servers = await startTestServers({ nats: true, temporal: true });
  });
  after(() => servers.stopAll());

  it('a killed NATS server comes back with what it had acknowledged', async () => {
    const spec = regionTopology('eu', { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 });
    const log = await connectLog({ servers: servers.natsUrl, name: 'test' });
    await log.ensureTopology(spec, true);
    const { sequence } = await log.publish('events.eu.normal.a.b', new TextEncoder().encode('kept'));
    await log.close();
    await servers.nats.kill();
    await servers.nats.start();
    const again = await connectLog({ servers: servers.natsUrl, name: 'test' });
    assert.equal(new TextDecoder().decode((await again.get('EVENTS_EU', sequence))?.data), 'kept');
    await again.close();
  });

  it('a stopped Temporal server starts again on its data', async () => {
    await servers.temporal.stop();
    await servers.temporal.start();
    assert.ok(await listens(Number(servers.temporalAddress.split(':')[1])));
  });

  it('a port that is taken is named, with the setting that changes it', async () => {
    const port = Number(new URL(servers.natsUrl).port);
    const start = startNatsServer({
      binary: await provideBinary('nats-server'),
      port,
      dataDir: `${servers.dir}/other`,
      logFile: `${servers.dir}/other.log`,
    });
    await assert.rejects(start, new RegExp(`port ${port} for nats-server is taken.*TOCSIN_NATS_PORT`));
  });
});
