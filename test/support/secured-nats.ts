/** A real NATS server whose configuration the test writes itself, on a port of its own; stopped by pid. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideBinary } from '../../workers/servers/binaries.ts';
import { freePort, listens, startServer } from '../../workers/servers/server-process.ts';

export interface SecuredNats {
  readonly url: string;
  readonly dir: string;
  stop(): Promise<void>;
}

export async function startSecuredNats(configuration: (dir: string) => string, sync = 'always'): Promise<SecuredNats> {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-nats-'));
  const port = await freePort();
  const config = join(dir, 'nats.conf');
  writeFileSync(
    config,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${JSON.stringify(join(dir, 'js'))}, sync_interval: ${sync}, max_file_store: 64GB }\n${configuration(dir)}`,
  );
  const server = await startServer({
    name: 'nats-server',
    command: await provideBinary('nats-server'),
    args: ['-c', config],
    logFile: join(dir, 'nats.log'),
    ports: [{ port, setting: 'none' }],
    ready: () => listens(port),
    readyWithinMs: 20_000,
  });
  return {
    url: `nats://127.0.0.1:${port}`,
    dir,
    stop: async () => {
      await server.stop('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
