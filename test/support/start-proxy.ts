/** Stands before a server on loopback. Both sides of a connection end together. */
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { Server as TlsServer } from 'node:tls';

export interface Proxy {
  readonly port: number;
  close(): Promise<void>;
}

/** `pass`: what moves the bytes of one connection. `server`: one that does not listen yet; of TLS, `pass` is given what is in clear. */
export async function startProxy(
  target: number,
  pass: (client: Socket, upstream: Socket) => void,
  server: Server = createServer(),
): Promise<Proxy> {
  const open = new Set<Socket>();
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (client: Socket) => {
    const upstream = connect(target, '127.0.0.1');
    pass(client, upstream);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
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
