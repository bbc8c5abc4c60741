/** Real servers for one test file: own ports, own data directory, stopped by pid when the file ends, however it ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideBinary } from '../../workers/servers/binaries.ts';
import { startNatsServer } from '../../workers/servers/nats-server.ts';
import { type ServerProcess, freePort } from '../../workers/servers/server-process.ts';
import { type DynamicConfig, startTemporalServer } from '../../workers/servers/temporal-server.ts';

/** A server that can be stopped and started again on the same port with the same data. */
export interface Restartable {
  /** Of the server that runs now; null while none does. */
  pid(): number | null;
  stop(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface TestServers {
  readonly dir: string;
  readonly natsUrl: string;
  readonly temporalAddress: string;
  readonly uiUrl: string;
  readonly namespace: string;
  readonly nats: Restartable;
  readonly temporal: Restartable;
  stopAll(): Promise<void>;
}

export async function startTestServers(wanted: {
  readonly nats?: boolean;
  readonly temporal?: boolean;
  readonly ui?: boolean;
  /** Dynamic configuration of Temporal on top of ours. */
  readonly temporalSettings?: DynamicConfig;
}): Promise<TestServers> {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-test-'));
  const namespace = 'default';
  const [natsPort, temporalPort, uiPort] = [await freePort(), await freePort(), await freePort()];
  const nats = restartable(async () =>
    startNatsServer({
      binary: await provideBinary('nats-server'),
      port: natsPort,
      dataDir: join(dir, 'nats'),
      logFile: join(dir, 'nats.log'),
    }),
  );
  const temporal = restartable(async () =>
    startTemporalServer({
      binary: await provideBinary('temporal'),
      port: temporalPort,
      uiPort: wanted.ui === true ? uiPort : null,
      dataDir: join(dir, 'temporal'),
      namespace,
      logFile: join(dir, 'temporal.log'),
      ...(wanted.temporalSettings === undefined ? {} : { settings: wanted.temporalSettings }),
    }),
  );
  await Promise.all([
    wanted.nats === true ? nats.start() : undefined,
    wanted.temporal === true ? temporal.start() : undefined,
  ]);
  return {
    dir,
    natsUrl: `nats://127.0.0.1:${natsPort}`,
    temporalAddress: `127.0.0.1:${temporalPort}`,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    namespace,
    nats,
    temporal,
    stopAll: async () => {
      await Promise.all([nats.kill(), temporal.kill()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function restartable(begin: () => Promise<ServerProcess>): Restartable {
  let current: ServerProcess | undefined;
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    await current?.stop(signal);
    current = undefined;
  };
  return {
    pid: () => current?.pid ?? null,
    start: async () => {
      current = await begin();
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
