/** Ends mutual TLS in front of a server that speaks in clear, as a load balancer does. Clients without a certificate do not get through. */
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { type TLSSocket, createServer } from 'node:tls';
import type { Authority } from './certificates.ts';

export interface TlsProxy {
  readonly address: string;
  close(): Promise<void>;
}

export async function startTlsProxy(authority: Authority, target: string): Promise<TlsProxy> {
  const { cert, key } = authority.issue('proxy');
  const [host = '', port = ''] = target.split(':');
  const open = new Set<TLSSocket>();
  const server = createServer(
    {
      cert: readFileSync(cert),
      key: readFileSync(key),
      ca: readFileSync(authority.ca),
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ['h2'],
    },
    (socket) => {
      open.add(socket);
      const upstream = connect(Number(port), host);
      for (const [from, to] of [
        [socket, upstream],
        [upstream, socket],
      ] as const) {
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
      }
    },
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
