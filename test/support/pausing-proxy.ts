/** Stands before a server that speaks in clear; what the server says while it is paused arrives when it is resumed, as on a wire that is mended. */
import { type Proxy, startProxy } from './start-proxy.ts';

export interface PausingProxy extends Proxy {
  pause(): void;
  resume(): void;
}

export async function startPausingProxy(target: number): Promise<PausingProxy> {
  const kept: (() => void)[] = [];
  let paused = false;
  const proxy = await startProxy(target, (client, upstream) => {
    client.on('data', (request) => upstream.write(request));
    upstream.on('data', (answer) => (paused ? kept.push(() => client.write(answer)) : client.write(answer)));
  });
  return {
    ...proxy,
    pause: () => void (paused = true),
    resume: () => {
      paused = false;
      for (const pass of kept.splice(0)) pass();
    },
  };
}
