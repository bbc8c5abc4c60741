/** Ends mutual TLS in front of a server that speaks in clear, as a load balancer does. Clients without a certificate do not get through. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import type { Authority } from './certificates.ts';
import { type Proxy, startProxy } from './start-proxy.ts';

export async function startTlsProxy(authority: Authority, target: number): Promise<Proxy> {
  const { cert, key } = authority.issue('proxy');
  const server = createServer({
    cert: readFileSync(cert),
    key: readFileSync(key),
    ca: readFileSync(authority.ca),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ['h2'],
  });
  server.on('tlsClientError', () => undefined);
  return startProxy(target, (client, upstream) => void client.pipe(upstream).pipe(client), server);
}
