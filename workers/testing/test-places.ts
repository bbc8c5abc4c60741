/** Windows, zones and targets of a test, in place of the configuration of an installation. */
import { zoneDataSource } from '../../activities/calendar/zone-data.ts';
import type { DecisionDependencies } from '../../activities/decisions.ts';
import { configProvider } from '../../activities/inventory/config-provider.ts';
import { createInventory } from '../../activities/inventory/inventory.ts';
import type { Target } from '../../activities/inventory/target.ts';
import type { TargetRule } from '../../activities/target-rule.ts';
import type { WindowDefinitions } from '../../activities/windows/window-definitions.ts';
import { createWindows } from '../../activities/windows/windows.ts';

export interface TestPlaces {
  /** As `tocsin.yaml` has them. */
  readonly windows: WindowDefinitions['windows'];
  /** IANA zone of each region. */
  readonly zones: Readonly<Record<string, string>>;
  /** What a rollout selects from. Default: none. */
  readonly targets?: readonly Omit<Target, 'provider'>[];
  /** As `inventory.allow` has it; a rollout keeps to it. Default: all may act upon all. */
  readonly allow?: readonly TargetRule[];
}

export function placesOf({
  windows: definitions,
  zones,
  targets = [],
  allow = [],
}: TestPlaces): Pick<DecisionDependencies, 'windows' | 'rollouts'> {
  const windows = createWindows({ windows: definitions }, zoneDataSource({ env: process.env }), (name) => zones[name]);
  const inventory = createInventory([configProvider(targets)]);
  return {
    windows: { windows, keys: () => [] },
    rollouts: {
      select: (selector) => inventory.select(selector),
      windows,
      zoneOf: (region) => zones[region] ?? null,
      rules: allow,
    },
  };
}
