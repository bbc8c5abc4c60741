/** Reads each provider again and again until closed, one reading at a time, and says when its state changes. */
import type { InventoryProvider, ProviderStatus } from './provider.ts';

export interface KeepFreshOptions {
  /** Resolves after `delayMs`, or at once when the signal aborts. */
  readonly pause: (delayMs: number, signal: AbortSignal) => Promise<void>;
  /** Called after the first reading, and after each one that changes the state or its reason. */
  readonly onChange: (status: ProviderStatus) => void;
}

/** `close` ends the readings in progress and resolves when they have ended. */
export function keepFresh(providers: readonly InventoryProvider[], options: KeepFreshOptions) {
  const abort = new AbortController();
  const loops = providers.map((provider) => loop(provider, abort.signal, options));
  return {
    close: async (): Promise<void> => {
      abort.abort();
      await Promise.all(loops);
    },
  };
}

async function loop(provider: InventoryProvider, signal: AbortSignal, options: KeepFreshOptions): Promise<void> {
  let told = '';
  while (!signal.aborted) {
    await provider.refresh(signal);
    const status = provider.status();
    const now = JSON.stringify([status.state, status.why, status.refusedCount]);
    if (now !== told && !signal.aborted) options.onChange(status);
    told = now;
    if (provider.refreshMs === null) return;
    await options.pause(provider.refreshMs, signal);
  }
}
