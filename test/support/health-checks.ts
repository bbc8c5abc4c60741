/** Answers the health checks of recording services by what they have been through: `/NAME` is 200 while the service is well, else 503. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface HealthChecks {
  readonly origin: string;
  close(): Promise<void>;
}

/** `dir`: of the recording services. */
export async function startHealthChecks(
  dir: string,
  isWell: (service: string, restarts: number) => boolean,
): Promise<HealthChecks> {
  const server = createServer((request, response) => {
    const service = (request.url ?? '').slice(1);
    const invocation = readFileSync(join(dir, service, 'invocation'), 'utf8').trim();
    const restarts = Number(invocation.split('-').at(-1)) - 1;
    response.writeHead(isWell(service, restarts) ? 200 : 503).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
