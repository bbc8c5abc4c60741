/** Network namespaces that reach one port of this host and can be cut off from it; needs root, or tests with them are skipped by name. */
import { execFileSync, spawnSync } from 'node:child_process';
import { type Server, connect, createServer } from 'node:net';
import { once } from 'node:events';

export interface Namespace {
  readonly name: string;
  /** Where it finds the port. */
  readonly address: string;
  /** The wire is pulled: neither side is told. */
  cut(): void;
  mend(): void;
  close(): void;
}

const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

export const lacksNamespaces: string | false = (() => {
  const name = `tocsin-probe-${process.pid}`;
  if (spawnSync('ip', ['netns', 'add', name]).status !== 0)
    return 'a network namespace cannot be made here: run as root, with iproute2';
  ip('netns', 'del', name);
  return false;
})();

/** `index`: 0 to 9, different for each of one test. `port`: of this host's loopback. */
export async function makeNamespace(index: number, port: number): Promise<Namespace> {
  // Names of links have at most 15 characters.
  const name = `tocsin${process.pid}-${index}`;
  const [outer, inner] = [`t${process.pid}${index}o`, `t${process.pid}${index}i`];
  const net = `10.${100 + (process.pid % 100)}.${(Math.floor(process.pid / 100) % 25) * 10 + index}`;
  let proxy: Server | undefined;
  const close = (): void => {
    proxy?.close();
    spawnSync('ip', ['link', 'del', outer]);
    spawnSync('ip', ['netns', 'del', name]);
  };
  process.on('exit', close);
  try {
    ip('netns', 'add', name);
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', name);
    ip('addr', 'add', `${net}.1/24`, 'dev', outer);
    ip('link', 'set', outer, 'up');
    ip('-n', name, 'addr', 'add', `${net}.2/24`, 'dev', inner);
    ip('-n', name, 'link', 'set', inner, 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
    proxy = forward(port).listen(0, `${net}.1`);
    await once(proxy, 'listening');
    const own = proxy.address();
    if (own === null || typeof own === 'string') throw new Error('no port');
    return {
      name,
      address: `${net}.1:${own.port}`,
      cut: () => ip('link', 'set', outer, 'down'),
      mend: () => ip('link', 'set', outer, 'up'),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

const forward = (port: number): Server =>
  createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
