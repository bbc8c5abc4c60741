/**
 * The clock of the Temporal server, which no call of its own tells: it notes when a poller came last, so we poll a queue of our own that
 * never has a task, and look at the note. Nothing is stored by it, and nobody else uses that queue.
 */
import { randomUUID } from 'node:crypto';
import type { TemporalClient } from './temporal-connection.ts';

/** No worker takes activities from it. */
const QUEUE = 'tocsin-clock';
/** The shortest poll that the server takes is 2 s. */
const POLL_MS = 3_000;
const DESCRIBE_MS = 2_000;
const LOOK_EVERY_MS = 50;
const ACTIVITY_QUEUE_TYPE = 2;

/** The server's clock less ours, ms; the doubt is a few round trips. Null when the server did not say. Rejects when it is away. */
export async function temporalClockAheadMs({
  client,
  namespace,
}: Pick<TemporalClient, 'client' | 'namespace'>): Promise<number | null> {
  const identity = `tocsin clock ${randomUUID()}`;
  const begun = Date.now();
  let over = false;
  const poll = client
    .withDeadline(begun + POLL_MS, () =>
      client.workflowService.pollActivityTaskQueue({ namespace, identity, taskQueue: { name: QUEUE } }),
    )
    // Ends by its deadline, always.
    .catch(() => undefined)
    .finally(() => (over = true));
  try {
    while (!over) {
      const { pollers } = await client.withDeadline(Date.now() + DESCRIBE_MS, () =>
        client.workflowService.describeTaskQueue({
          namespace,
          taskQueue: { name: QUEUE },
          taskQueueType: ACTIVITY_QUEUE_TYPE,
        }),
      );
      const seen = pollers.find((poller) => poller.identity === identity)?.lastAccessTime;
      if (seen) return Number(seen.seconds ?? 0) * 1_000 + (seen.nanos ?? 0) / 1e6 - begun;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    return null;
  } finally {
    await poll;
  }
}
