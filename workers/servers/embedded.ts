/** The two servers that `tocsin up` brings along when the operator names none: pinned binaries, loopback, data in the data directory. */
import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { needsEmbeddedNats, temporalTargetOf } from '../connect.ts';
import type { Lifecycle } from '../lifecycle.ts';
import { provideBinary } from './binaries.ts';
import type { DataDirLock } from './data-dir.ts';
import { startNatsServer } from './nats-server.ts';
import { startTemporalServer } from './temporal-server.ts';

interface Needed {
  readonly nats: boolean;
  readonly temporal: boolean;
}

const STOP_MS = 15_000;

interface Parts {
  readonly config: Config;
  readonly lifecycle: Lifecycle;
}

/** Those that the environment names no other for. */
export async function startServers(parts: Parts, lock: DataDirLock, say: (line: string) => void): Promise<void> {
  const needed = { nats: needsEmbeddedNats(parts.config), temporal: !temporalTargetOf(parts.config).external };
  if (!needed.nats && !needed.temporal) return;
  say('starting servers ...');
  await startEmbedded(parts, needed, lock, say);
}

/** Starts what is needed; both end, in reverse order, with the lifecycle. */
async function startEmbedded(
  { config, lifecycle }: Parts,
  needed: Needed,
  lock: DataDirLock,
  report: (line: string) => void,
): Promise<void> {
  const dir = resolve(config.dataDir);
  const watch = (name: string, server: { readonly pid: number; stop(): Promise<void> }): void => {
    lock.addServer(server.pid);
    lifecycle.onClose(name, STOP_MS, () => server.stop());
  };
  if (needed.nats) {
    const binary = await provideBinary('nats-server', { report });
    const { port } = config.nats;
    watch(
      'nats-server',
      await startNatsServer({ binary, port, dataDir: join(dir, 'nats'), logFile: join(dir, 'nats.log') }),
    );
  }
  if (needed.temporal) {
    const { port, uiPort, namespace } = config.temporal;
    const server = await startTemporalServer({
      binary: await provideBinary('temporal', { report }),
      port,
      uiPort,
      namespace,
      dataDir: join(dir, 'temporal'),
      logFile: join(dir, 'temporal.log'),
    });
    watch('temporal', server);
  }
}
