/**
 * How a process ends: what was opened last is closed first, each step within its own bound, so that nothing is acknowledged or answered
 * after what it stands on has gone. A second signal ends it at once.
 */
import type { Logger } from 'pino';

export interface Lifecycle {
  /** Register how to close what was just opened. `close` is told its bound and is abandoned after it. */
  onClose(name: string, deadlineMs: number, close: (deadlineMs: number) => Promise<unknown>): void;
  /** Close everything in reverse order; the same promise for every caller. */
  close(reason: string): Promise<void>;
  /** Resolves with the reason once somebody asked to close. */
  readonly closing: Promise<string>;
  /** Aborts when closing begins: pass it to waits. */
  readonly signal: AbortSignal;
}

interface Step {
  readonly name: string;
  readonly deadlineMs: number;
  readonly close: (deadlineMs: number) => Promise<unknown>;
}

export function createLifecycle(logger: Logger): Lifecycle {
  const steps: Step[] = [];
  const abort = new AbortController();
  let begin: (reason: string) => void = () => undefined;
  const closing = new Promise<string>((resolve) => (begin = resolve));
  let closed: Promise<void> | undefined;

  const closeAll = async (reason: string): Promise<void> => {
    logger.info({ reason }, 'closing');
    abort.abort();
    begin(reason);
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) await closeStep(step, logger);
  };
  const close = (reason: string): Promise<void> => (closed ??= closeAll(reason));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (closed !== undefined) process.exit(130);
      void close(signal);
    });
  }
  return {
    onClose: (name, deadlineMs, closeIt) => {
      const step = { name, deadlineMs, close: closeIt };
      // Opened while everything was being closed: nobody will come for it later.
      if (closed === undefined) steps.push(step);
      else closed = closed.then(() => closeStep(step, logger));
    },
    close,
    closing,
    signal: abort.signal,
  };
}

async function closeStep({ name, deadlineMs, close }: Step, logger: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), deadlineMs)));
  try {
    const outcome = await Promise.race([close(deadlineMs), late]);
    if (outcome === 'late') logger.warn({ part: name, deadlineMs }, 'did not close in time, left behind');
  } catch (error) {
    logger.warn({ err: error, part: name }, 'closed with an error');
  } finally {
    clearTimeout(timer);
  }
}
