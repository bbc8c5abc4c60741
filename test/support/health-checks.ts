/** Answers the health checks of recording services by what they have been through: `/NAME` is 200 while the service is well, else 503. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startReceiver } from './receiver.ts';

export interface HealthChecks {
  readonly origin: string;
  close(): Promise<void>;
}

/** `dir`: of the recording services. */
export async function startHealthChecks(
  dir: string,
  isWell: (service: string, restarts: number) => boolean,
): Promise<HealthChecks> {
  const receiver = await startReceiver();
  receiver.answer = (response, { path }) => {
    const service = path.slice(1);
    const invocation = readFileSync(join(dir, service, 'invocation'), 'utf8').trim();
    const restarts = Number(invocation.split('-').at(-1)) - 1;
    response.writeHead(isWell(service, restarts) ? 200 : 503).end();
  };
  return { origin: receiver.url.origin, close: receiver.close };
}
