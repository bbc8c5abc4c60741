/** A timetable of a rollout over made-up regions, with the zone data of this machine. */
import { readInstantText } from '../../activities/calendar/instant-text.ts';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { configProvider } from '../../activities/inventory/config-provider.ts';
import { createInventory } from '../../activities/inventory/inventory.ts';
import type { LimitDefinition } from '../../activities/limits/definition.ts';
import type { TargetRule } from '../../activities/target-rule.ts';
import type { WindowDefinitions } from '../../activities/windows/window-definitions.ts';
import { makeReport } from '../../workers/timetable/make-report.ts';
import type { TimetableReport } from '../../workers/timetable/report.ts';
import type { Rollout } from '../../workflows/kit/rollout-plan.ts';

const MINUTE_MS = 60_000;

export const NIGHTLY: Rollout = {
  runbook: 'patchWave',
  targets: { patch: 'night' },
  window: 'night',
  needMs: 30 * MINUTE_MS,
  canary: 0,
  waves: { by: 'region' },
  parallel: 100,
  soakMs: 0,
  errorBudget: { rollout: 0 },
};

export interface FleetQuestion extends Pick<WindowDefinitions, 'holidays' | 'freezes'> {
  /** One region for each: `Asia/Tokyo` is region `tokyo`. */
  readonly zones: readonly string[];
  /** Targets in each region. */
  readonly each?: number;
  readonly night: unknown;
  readonly at: string;
  readonly rollout?: Partial<Rollout>;
  readonly runbook?: string;
  readonly rules?: readonly TargetRule[];
  readonly limits?: readonly LimitDefinition[];
  readonly taken?: ReadonlyMap<string, readonly string[]>;
}

const zones = openZoneData();

export const regionIn = (zone: string): string => zone.split('/').at(-1)?.toLowerCase().replaceAll('_', '-') ?? '';

export function reportOn({
  zones: ids,
  each = 1,
  night,
  at,
  rollout,
  runbook,
  rules = [],
  limits = [],
  taken = new Map(),
  ...more
}: FleetQuestion): TimetableReport {
  const zoneOf = new Map(ids.map((id) => [regionIn(id), id]));
  const targets = [...zoneOf.keys()].flatMap((region) =>
    Array.from({ length: each }, (_, index) => ({
      id: `web-${index + 1}`,
      kind: 'service',
      service: 'web',
      region,
      labels: { patch: 'night' },
    })),
  );
  return makeReport({
    runbook: runbook ?? 'patchFleet',
    rollout: { ...NIGHTLY, ...rollout },
    narrow: {},
    inventory: createInventory([configProvider(targets)]),
    definitions: { windows: { night }, ...more },
    zones,
    zoneOf: (region) => zoneOf.get(region),
    rules,
    triggers: ['by-hand', 'patch-fleet'],
    limits,
    taken,
    at: readInstantText(at),
  });
}
