/** A hub without JetStream, and a leaf of it for each domain, with JetStream of its own: what a region looks like from elsewhere. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideBinary } from '../../workers/servers/binaries.ts';
import { type ServerProcess, freePort, listens, startServer } from '../../workers/servers/server-process.ts';

export interface LeafNodes {
  readonly dir: string;
  /** Of the hub. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startLeafNodes(domains: readonly string[]): Promise<LeafNodes> {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-leaf-'));
  const command = await provideBinary('nats-server');
  const servers: ServerProcess[] = [];
  const start = async (name: string, port: number, more: string): Promise<void> => {
    const config = join(dir, `${name}.conf`);
    writeFileSync(config, `listen: "127.0.0.1:${port}"\nserver_name: ${name}\n${more}`);
    servers.push(
      await startServer({
        name,
        command,
        args: ['-c', config],
        logFile: join(dir, `${name}.log`),
        ports: [{ port, setting: 'none' }],
        ready: () => listens(port),
        readyWithinMs: 20_000,
      }),
    );
  };
  const [port, leafPort] = [await freePort(), await freePort()];
  await start('hub', port, `leafnodes { listen: "127.0.0.1:${leafPort}" }`);
  for (const domain of domains)
    await start(
      `leaf-${domain}`,
      await freePort(),
      `jetstream { domain: ${domain}, store_dir: ${JSON.stringify(join(dir, domain))} }
leafnodes { remotes = [ { url: "nats-leaf://127.0.0.1:${leafPort}" } ] }`,
    );
  return {
    dir,
    url: `nats://127.0.0.1:${port}`,
    stop: async () => {
      await Promise.all(servers.map((each) => each.stop('SIGKILL')));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
