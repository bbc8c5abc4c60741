/** Whether NATS writes to disk before it acknowledges: an account cannot see it, only the server's monitoring port tells. */

export interface NatsSync {
  readonly always: boolean;
  /** Seconds between two writes to disk otherwise. */
  readonly intervalSeconds: number;
}

const TIMEOUT_MS = 5_000;

/** Rejects when the port does not answer, or not as a NATS server with JetStream does. */
export async function natsSync(monitorUrl: string): Promise<NatsSync> {
  const response = await fetch(new URL('/varz', monitorUrl), { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const { jetstream } = (await response.json()) as { jetstream?: { config?: Readonly<Record<string, unknown>> } };
  const config = jetstream?.config;
  if (config === undefined) throw new Error('it says nothing of JetStream');
  return { always: config['sync_always'] === true, intervalSeconds: Number(config['sync_interval'] ?? 0) / 1e9 };
}
