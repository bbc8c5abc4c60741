/** What a NATS server says of itself: its version and its clock. Answers of JetStream carry the server's time since 2.10. */
import type { JetStreamManager, NatsConnection } from 'nats';
import type { ServerState } from './port.ts';

export async function serverState(nc: NatsConnection, jsm: JetStreamManager, stream: string): Promise<ServerState> {
  const [begun, wall] = [performance.now(), Date.now()];
  const { ts }: { readonly ts?: unknown } = await jsm.streams.info(stream);
  const roundTripMs = performance.now() - begun;
  const then = typeof ts === 'string' ? Date.parse(ts) : Number.NaN;
  return {
    version: nc.info?.version ?? 'unknown',
    clockAheadMs: Number.isNaN(then) ? null : then - (wall + roundTripMs / 2),
    roundTripMs,
  };
}
