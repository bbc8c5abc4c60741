/** The targets that the configuration itself names: always there, never old. */
import type { InventoryProvider } from './provider.ts';
import type { Target } from './target.ts';

export const CONFIG_PROVIDER = 'config';

export const configProvider = (targets: readonly Omit<Target, 'provider'>[]): InventoryProvider => {
  const own = targets.map((target) => ({ ...target, provider: CONFIG_PROVIDER }));
  return {
    refreshMs: null,
    refresh: async () => undefined,
    targets: () => own,
    status: () => ({
      name: CONFIG_PROVIDER,
      kind: 'config',
      state: 'fresh',
      ageMs: 0,
      maxAgeMs: null,
      regions: [...new Set(own.map(({ region }) => region))],
      targets: own.length,
      why: null,
      refused: [],
      refusedCount: 0,
    }),
  };
};
