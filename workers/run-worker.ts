/**
 * The SDK's `run`, which ends whenever the worker does. By itself it does not when the server has refused to give tasks for a minute: the worker has
 * failed by then and takes nothing any more, while `run` waits for polls that nobody makes.
 */
import type { Worker } from '@temporalio/worker';

const LOOK_EVERY_MS = 1_000;
/** For the SDK to end by itself, with its own reason. */
const GRACE_MS = 3_000;

/** Resolves after shutdown; rejects when the worker cannot go on. */
export async function runWorker(worker: Pick<Worker, 'run' | 'getState'>): Promise<void> {
  const running = worker.run();
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void =>
      reject(new Error('the SDK has given up asking for tasks; the line `Worker failed` before this one says why'));
    timer = setInterval(() => {
      if (worker.getState() !== 'FAILED') return;
      clearInterval(timer);
      timer = setTimeout(giveUp, GRACE_MS);
    }, LOOK_EVERY_MS);
  });
  try {
    await Promise.race([running, failed]);
  } finally {
    clearTimeout(timer);
  }
}
