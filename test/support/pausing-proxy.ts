/** Stands before a server that speaks in clear; what the server says while it is paused arrives when it is resumed, as on a wire that is mended. */
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

export interface PausingProxy {
  readonly port: number;
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

export async function startPausingProxy(target: number): Promise<PausingProxy> {
  const open = new Set<Socket>();
  const kept: (() => void)[] = [];
  let paused = false;
  const server = createServer((socket) => {
    const upstream = connect(target, '127.0.0.1');
    socket.on('data', (request) => upstream.write(request));
    upstream.on('data', (answer) => (paused ? kept.push(() => socket.write(answer)) : socket.write(answer)));
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      open.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    pause: () => void (paused = true),
    resume: () => {
      paused = false;
      for (const pass of kept.splice(0)) pass();
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
