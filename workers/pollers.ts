/** Who takes tasks from a queue, as the server has seen it. */
import type { TemporalClient } from './temporal-connection.ts';
import { processOf } from './worker-identity.ts';

/** Temporal's numbers for what a queue holds. */
export type TaskKind = 1 | 2;
export const RUNBOOK_TASKS: TaskKind = 1;
export const ACTIVITY_TASKS: TaskKind = 2;

export interface Poller {
  readonly identity: string;
  /** When it last polled, ms since 1970 by the server's clock, to the second. */
  readonly seenAt: number;
}

const DESCRIBE_TIMEOUT_MS = 2_000;

/** Rejects when the server is away. Pollers that have gone are remembered by the server for some minutes. */
export async function pollersOf(
  { client, namespace }: Pick<TemporalClient, 'client' | 'namespace'>,
  queue: string,
  kind: TaskKind,
): Promise<readonly Poller[]> {
  const { pollers } = await client.withDeadline(Date.now() + DESCRIBE_TIMEOUT_MS, () =>
    client.workflowService.describeTaskQueue({ namespace, taskQueue: { name: queue }, taskQueueType: kind }),
  );
  return pollers.map(pollerOf);
}

interface PollerInfo {
  readonly identity?: string | null;
  readonly lastAccessTime?: { readonly seconds?: unknown } | null;
}

export const pollerOf = ({ identity, lastAccessTime }: PollerInfo): Poller => ({
  identity: identity ?? '',
  seenAt: Number(lastAccessTime?.seconds ?? 0) * 1_000,
});

/** Those that polled lately, each process once: in a container that is started anew the one before had the same host and process. */
export function livePollers(pollers: readonly Poller[], now: number): readonly Poller[] {
  const newest = new Map<string, Poller>();
  for (const poller of pollers) {
    const name = processOf(poller.identity);
    if (isFresh(poller, now) && poller.seenAt >= (newest.get(name)?.seenAt ?? 0)) newest.set(name, poller);
  }
  return [...newest.values()];
}

/** A poll lasts a minute at most, so a poller that was not seen for longer is gone. */
export const POLL_SEEN_MS = 70_000;

export const isFresh = ({ seenAt }: Poller, now: number): boolean => now - seenAt < POLL_SEEN_MS;
