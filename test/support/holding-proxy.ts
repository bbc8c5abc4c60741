/** Stands before a server that speaks in clear and passes everything on; the answer to what is to be held never arrives, though the server obeys. */
import { type Proxy, startProxy } from './start-proxy.ts';

export const startHoldingProxy = (target: number, isHeld: (request: Buffer) => boolean): Promise<Proxy> =>
  startProxy(target, (client, upstream) => {
    let held = false;
    client.on('data', (request) => {
      held ||= isHeld(request);
      upstream.write(request);
    });
    upstream.on('data', (answer) => held || client.write(answer));
  });
