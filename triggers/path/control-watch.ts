/** The control record as this process last saw it, looked up once a second: a change of mode takes effect within two. */
import type { Logger } from 'pino';
import { type Control, type ControlStore, NO_CONTROL } from './control.ts';

export interface ControlWatch {
  /** Look now, and go on looking. Rejects when it cannot be read: nothing may be decided before it was. */
  start(): Promise<void>;
  current(): Control;
  close(): void;
}

const LOOK_EVERY_MS = 1_000;

export function createControlWatch(store: Pick<ControlStore, 'read'>, logger: Logger): ControlWatch {
  let control = NO_CONTROL;
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let closed = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      control = await store.read();
    } catch (error) {
      // Without the log nothing is decided either, and the record is read again before that changes.
      logger.debug({ err: error }, 'the control record could not be read');
    } finally {
      looking = false;
    }
  };
  return {
    start: async () => {
      control = await store.read();
      if (!closed) timer ??= setInterval(() => void look(), LOOK_EVERY_MS);
    },
    current: () => control,
    close: () => {
      closed = true;
      clearInterval(timer);
    },
  };
}
