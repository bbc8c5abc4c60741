import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LogFull } from '../../triggers/nats/errors.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { topologyOf } from '../../workers/provision.ts';
import { provideBinary } from '../../workers/servers/binaries.ts';
import { type ServerProcess, freePort, listens, startServer } from '../../workers/servers/server-process.ts';
import { cli } from '../support/cli.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { limitStream } from '../support/limit-stream.ts';
import { clockOff, lacksFaketime } from '../support/skewed-process.ts';

interface Told {
  readonly severity: 'ok' | 'warning' | 'error';
  readonly area: string;
  readonly what: string;
  readonly remedy: string;
}

describe('tocsin doctor', () => {
  let tocsin: Installation;
  let other: ServerProcess | undefined;
  before(async () => {
    tocsin = await startInstallation();
    await tocsin.startReady('worker');
  });
  after(async () => {
    await other?.stop('SIGKILL');
    await tocsin.stop();
  });

  const ask = async (env: NodeJS.ProcessEnv = {}): Promise<{ code: number; told: readonly Told[] }> => {
    const { code, json } = await cli({ ...tocsin.env, ...env }, '--json', 'doctor');
    return { code, told: json as Told[] };
  };
  const wrong = (told: readonly Told[]): string[] =>
    told.filter(({ severity }) => severity === 'error').map(({ what }) => what);
  const has = (told: readonly Told[], severity: Told['severity'], what: RegExp, remedy = /^/): void => {
    const found = told.find((each) => each.severity === severity && what.test(each.what));
    assert.ok(found, `${String(what)} in ${JSON.stringify(told)}`);
    assert.equal(found.remedy === '', severity === 'ok');
    assert.match(found.remedy, remedy);
  };

  it('finds nothing that must be done on a sound installation', async () => {
    const { code, told } = await ask();
    assert.deepEqual([code, wrong(told)], [0, []]);
    for (const what of [
      /^NATS is 2\./,
      /^Temporal is 1\./,
      /^Node is /,
      /^zone data is 20/,
      /GiB .* are free/,
      /^the clock of NATS is \d+ ms/,
      /^the clock of Temporal is \d+ ms/,
      /^streams and consumers are as configured/,
      /^this user may write/,
      /^1 workers take from runbooks/,
      /^Temporal keeps closed runs for 1d/,
    ])
      has(told, 'ok', what);
  });

  it('finds a stream that was changed, and one that is missing', async () => {
    const specs = topologyOf(tocsin.config);
    await tocsin.log.ensureTopology(
      specs.map((spec) => ({ ...spec, duplicateWindowMs: 60_000 })),
      true,
    );
    const drifted = await ask();
    assert.equal(drifted.code, 0);
    has(drifted.told, 'warning', /stream EVENTS_EU: duplicate_window is 60000000000, expected 100000000/);
    await tocsin.log.ensureTopology(specs, true);
    const file = join(tocsin.servers.dir, 'more-regions.yaml');
    const text = readFileSync(tocsin.env['TOCSIN_CONFIG'] ?? '', 'utf8');
    writeFileSync(file, text.replace('regions:\n  - eu', 'regions:\n  - eu\n  - us'));
    const missing = await ask({ TOCSIN_CONFIG: file });
    assert.equal(missing.code, 1);
    has(missing.told, 'error', /stream EVENTS_US: missing/);
    has(missing.told, 'warning', /no worker takes from activities-us/);
  });

  it('finds a stream that is nearly full, and one that takes nothing more, and says how to make room', async () => {
    const remedy = /^raise its max_bytes \(nats stream edit\): a full stream refuses, and nothing is started then$/;
    const [stream, maxBytes] = [eventStream('eu'), 64 * 1_024];
    const before = await limitStream(tocsin.servers.natsUrl, stream, maxBytes);
    try {
      const nearly = Math.ceil(maxBytes * 0.8);
      await fill(tocsin.log, stream, nearly);
      const filling = await ask();
      assert.equal(filling.code, 1);
      has(filling.told, 'error', /^stream EVENTS_EU is 8\d % full$/, remedy);
      await assert.rejects(fill(tocsin.log, stream, maxBytes + 1), LogFull);
      const full = await ask();
      assert.equal(full.code, 1);
      has(full.told, 'error', /^stream EVENTS_EU is (9\d|100) % full$/, remedy);
      assert.deepEqual(wrong(full.told).length, 1, JSON.stringify(wrong(full.told)));
    } finally {
      await limitStream(tocsin.servers.natsUrl, stream, before);
    }
    assert.deepEqual(wrong((await ask()).told), []);
  });

  for (const [offset, severity, code] of [
    ['-60', 'error', 1],
    ['+60', 'error', 1],
    ['-4', 'warning', 0],
  ] as const)
    it(
      `finds that its clock is off by ${offset} s, from both servers, and says what sets it`,
      { skip: lacksFaketime },
      async () => {
        const { code: ended, told } = await ask(clockOff(offset));
        assert.equal(ended, code, JSON.stringify(told));
        for (const server of ['NATS', 'Temporal'])
          has(
            told,
            severity,
            new RegExp(
              `^the clock of ${server} is \\d+ ms ${offset.startsWith('-') ? 'ahead of' : 'behind'} this host's$`,
            ),
            /^let NTP set both clocks \(chronyc tracking, timedatectl\)$/,
          );
      },
    );

  it('finds a search attribute that is missing', async () => {
    const { connection } = tocsin.client;
    const { namespace } = tocsin.servers;
    const operator = (connection as unknown as { operatorService: Operator }).operatorService;
    await operator.removeSearchAttributes({ namespace, searchAttributes: ['TocsinPhase'] });
    const { code, told } = await ask();
    assert.equal(code, 1);
    has(told, 'error', /search attributes are missing: TocsinPhase/);
    await operator.addSearchAttributes({ namespace, searchAttributes: { TocsinPhase: 2 } });
  });

  it('finds rights that are missing, and a server that acknowledges before it syncs', async () => {
    const [port, monitor] = [await freePort(), await freePort()];
    other = await startLimitedNats(tocsin.servers.dir, port, monitor);
    const url = `nats://127.0.0.1:${port}`;
    const log = await connectLog({ servers: url, name: 'test' });
    await log.ensureTopology(topologyOf(tocsin.config), true);
    await log.close();
    const file = join(tocsin.servers.dir, 'monitored.yaml');
    const text = readFileSync(tocsin.env['TOCSIN_CONFIG'] ?? '', 'utf8');
    writeFileSync(file, text.replace('nats:\n', `nats:\n  monitorUrl: http://127.0.0.1:${monitor}\n`));
    const { code, told } = await ask({ TOCSIN_CONFIG: file, NATS_URL: url });
    assert.equal(code, 1);
    has(told, 'error', /may not write dlq\.eu\.0\.doctor/);
    assert.equal(wrong(told).length, 1);
    has(told, 'warning', /acknowledges before it syncs \(sync_interval 120 s\)/);
  });

  it('says which server is away, and goes on with the other one: exit code 3', async () => {
    const noNats = await ask({ NATS_URL: 'nats://127.0.0.1:1' });
    assert.equal(noNats.code, 3);
    has(noNats.told, 'error', /^NATS at nats:\/\/127\.0\.0\.1:1 does not answer/);
    has(noNats.told, 'ok', /^Temporal is/);
    await tocsin.servers.temporal.kill();
    const noTemporal = await ask();
    assert.equal(noTemporal.code, 3);
    has(noTemporal.told, 'error', /^Temporal at .* does not answer/);
    has(noTemporal.told, 'ok', /^NATS is/);
  });
});

/** Stores what no trigger wants until the stream has so many bytes; rejects when it takes no more. */
async function fill(log: EventLog, stream: string, bytes: number): Promise<void> {
  while ((await log.streamState(stream)).bytes < bytes)
    await log.publish('events.eu.normal.test.filler', randomBytes(512), { expectStream: stream });
}

interface Operator {
  removeSearchAttributes(request: object): Promise<unknown>;
  addSearchAttributes(request: object): Promise<unknown>;
}

/** Everybody is a user who may not bury; writes are synced every two minutes, as the server does by default. */
async function startLimitedNats(parent: string, port: number, monitor: number): Promise<ServerProcess> {
  const dir = join(parent, 'limited');
  mkdirSync(dir);
  const config = join(dir, 'nats.conf');
  writeFileSync(
    config,
    `listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitor}"
jetstream { store_dir: ${JSON.stringify(dir)}, max_file_store: 64GB }
no_auth_user: role
authorization { users: [{ user: role, password: x, permissions: { publish: { deny: ["dlq.>"] } } }] }
`,
  );
  return startServer({
    name: 'nats-server',
    command: await provideBinary('nats-server'),
    args: ['-c', config],
    logFile: join(dir, 'nats.log'),
    ports: [],
    ready: () => listens(port),
    readyWithinMs: 20_000,
  });
}
