/** Stands before a server that speaks in clear and passes everything on; the answer to what is to be held never arrives, though the server obeys. */
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

export interface HoldingProxy {
  readonly port: number;
  close(): Promise<void>;
}

export async function startHoldingProxy(target: number, isHeld: (request: Buffer) => boolean): Promise<HoldingProxy> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const upstream = connect(target, '127.0.0.1');
    let held = false;
    socket.on('data', (request) => {
      held ||= isHeld(request);
      upstream.write(request);
    });
    upstream.on('data', (answer) => held || socket.write(answer));
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
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
