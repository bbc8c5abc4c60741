/** A real NATS server with JetStream on loopback, every write synced before it is acknowledged. For development and tests. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ServerProcess, listens, startServer } from './server-process.ts';

export interface NatsServerOptions {
  readonly binary: string;
  readonly port: number;
  readonly dataDir: string;
  readonly logFile: string;
}

export async function startNatsServer(options: NatsServerOptions): Promise<ServerProcess & { readonly url: string }> {
  mkdirSync(options.dataDir, { recursive: true });
  const config = join(options.dataDir, 'nats.conf');
  writeFileSync(config, configuration(options));
  const server = await startServer({
    name: 'nats-server',
    command: options.binary,
    args: ['-c', config],
    logFile: options.logFile,
    ports: [{ port: options.port, setting: 'nats.port or TOCSIN_NATS_PORT' }],
    ready: () => listens(options.port),
    readyWithinMs: 20_000,
  });
  return { ...server, url: `nats://127.0.0.1:${options.port}` };
}

// `sync_interval: always`: the default acknowledges two minutes before it syncs, and a power cut takes those two minutes.
const configuration = ({ port, dataDir }: NatsServerOptions): string => `listen: "127.0.0.1:${port}"
server_name: tocsin
max_payload: 1MB
jetstream {
  store_dir: ${JSON.stringify(join(dataDir, 'jetstream'))}
  sync_interval: always
  max_file_store: 64GB
}
`;
