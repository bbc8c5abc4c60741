/**
 * A provider: a source of targets with the last good answer and its age. A failed reading keeps the last answer until it is older than
 * allowed; then the provider is unusable, because acting on what may long be gone is worse than not acting.
 */
import { type KeptAnswer, loadKept, saveKept } from './kept-answer.ts';
import { type Reading, type RefusedEntry, readTargets } from './read-targets.ts';
import type { InventorySource } from './source.ts';
import type { Target } from './target.ts';

/** `fresh`: the last reading was good. `kept`: it failed, an earlier answer still counts. `unusable`: there is none that may be used. */
export type ProviderState = 'fresh' | 'kept' | 'unusable';

export interface ProviderStatus {
  readonly name: string;
  readonly kind: 'config' | InventorySource['kind'];
  readonly state: ProviderState;
  /** Age of what is known, milliseconds; null when nothing is. */
  readonly ageMs: number | null;
  readonly maxAgeMs: number | null;
  /** Regions it may name targets in. */
  readonly regions: readonly string[];
  /** How many targets are known, usable or not. */
  readonly targets: number;
  /** Why it is not fresh, or what was not right although it is; null when all is well. */
  readonly why: string | null;
  readonly refused: readonly RefusedEntry[];
  readonly refusedCount: number;
}

export interface InventoryProvider {
  status(): ProviderStatus;
  /** What may be acted upon now; empty while it is unusable. */
  targets(): readonly Target[];
  /** Read once. Never rejects: what went wrong is in the status. */
  refresh(signal: AbortSignal): Promise<void>;
  /** Pause between readings, milliseconds; null when there is nothing to read again. */
  readonly refreshMs: number | null;
}

export interface ProviderOptions {
  readonly name: string;
  readonly source: InventorySource;
  readonly regions: readonly string[];
  readonly maxTargets: number;
  readonly refreshMs: number;
  readonly maxAgeMs: number;
  /** Where the last good answer is kept. */
  readonly file: string;
  readonly now: () => number;
}

/** Part of the allowed age after which an unchanged answer is written to disk again. */
const KEEP_EVERY = 1 / 10;
const MAX_WHY_CHARS = 400;

export function createProvider(options: ProviderOptions): InventoryProvider {
  const { name, source, maxAgeMs, refreshMs, now } = options;
  const readOptions = { ...options, provider: name, format: source.format };
  let known: { readonly answer: KeptAnswer; readonly reading: Reading } | null = null;
  let why: string | null = 'it has not been read yet';
  let notKept: string | null = null;
  let savedAt = -Infinity;
  let loaded = false;

  const take = (answer: KeptAnswer): void => {
    // The same answer again is only younger.
    const reading = known?.answer.text === answer.text ? known.reading : readTargets(answer.text, readOptions);
    known = { answer, reading };
  };

  const load = async (): Promise<void> => {
    loaded = true;
    const kept = await loadKept(options.file, source.place);
    if (kept === null) return;
    try {
      take(kept);
      savedAt = kept.readAt;
    } catch {
      // Kept under other rules (regions, bounds) than today's: as if there were none.
    }
  };

  const save = async (answer: KeptAnswer, changed: boolean): Promise<void> => {
    if (!changed && answer.readAt - savedAt < maxAgeMs * KEEP_EVERY) return;
    try {
      await saveKept(options.file, answer);
      savedAt = answer.readAt;
      notKept = null;
    } catch (error) {
      notKept = `the answer cannot be kept for a restart: ${text(error)}`;
    }
  };

  const age = (): number | null => (known === null ? null : now() - known.answer.readAt);
  const usable = (): boolean => {
    const ageMs = age();
    // An answer from the future says that a clock is wrong, and then no age can be trusted.
    return ageMs !== null && ageMs <= maxAgeMs && ageMs >= -refreshMs;
  };
  const state = (): ProviderState => (!usable() ? 'unusable' : why === null ? 'fresh' : 'kept');

  return {
    refreshMs,
    refresh: async (signal) => {
      if (!loaded) await load();
      const before = known?.answer.text;
      try {
        const answer = { place: source.place, readAt: now(), text: await source.read(signal) };
        take(answer);
        why = null;
        await save(answer, answer.text !== before);
      } catch (error) {
        if (!signal.aborted) why = text(error);
      }
    },
    targets: () => (usable() ? (known?.reading.targets ?? []) : []),
    status: () => ({
      name,
      kind: source.kind,
      state: state(),
      ageMs: age(),
      maxAgeMs,
      regions: options.regions,
      targets: known?.reading.targets.length ?? 0,
      why: why ?? (usable() ? notKept : `its answer is ${age()} ms old, expected 0 to ${maxAgeMs}`),
      refused: known?.reading.refused ?? [],
      refusedCount: known?.reading.refusedCount ?? 0,
    }),
  };
}

/** One line, bounded: part of it comes from outside. */
const text = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, MAX_WHY_CHARS);
