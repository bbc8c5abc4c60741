/** From a rollout, the targets of an inventory and the windows of a configuration to all that is told of it. Pure. */
import type { ZoneData } from '../../activities/calendar/zone-data.ts';
import type { Inventory } from '../../activities/inventory/inventory.ts';
import type { Selector } from '../../activities/inventory/selector.ts';
import type { LimitDefinition } from '../../activities/limits/definition.ts';
import { wavesOf } from '../../activities/rollout-decisions.ts';
import { forbiddenTargets, rolloutTargets } from '../../activities/rollout-targets.ts';
import type { TargetRule } from '../../activities/target-rule.ts';
import type { WindowDefinitions } from '../../activities/windows/window-definitions.ts';
import { readNamedWindow } from '../../activities/windows/read-named-window.ts';
import { createWindows } from '../../activities/windows/windows.ts';
import type { Rollout } from '../../workflows/kit/rollout-plan.ts';
import { windowName } from '../../workflows/kit/window-message.ts';
import type { WindowUse } from '../../workflows/kit/window-use.ts';
import { findingsOf } from './findings.ts';
import { limitFindings } from './limit-findings.ts';
import { placesOf, spanOf } from './places.ts';
import type { TimetableReport } from './report.ts';
import { timetableOf } from './timetable.ts';

export interface ReportQuestion {
  readonly runbook: string;
  readonly rollout: Rollout;
  /** What it is started with may narrow its targets. */
  readonly narrow: Selector;
  readonly inventory: Pick<Inventory, 'select'>;
  readonly definitions: WindowDefinitions;
  readonly zones: ZoneData;
  readonly zoneOf: (region: string) => string | undefined;
  /** Who may act upon which targets. */
  readonly rules: readonly TargetRule[];
  /** Ids of the triggers that start it, by hand included. */
  readonly triggers: readonly string[];
  readonly limits: readonly LimitDefinition[];
  /** Names of the limits that the steps of each runbook take. */
  readonly taken: ReadonlyMap<string, readonly string[]>;
  /** Seconds since 1970. */
  readonly at: number;
}

/** Throws `BadRollout` for a rollout that no run would accept, and `InventoryUnusable`. */
export function makeReport(asked: ReportQuestion): TimetableReport {
  const { runbook, rollout, narrow, inventory, definitions, zones, zoneOf, at } = asked;
  const windows = createWindows(definitions, () => zones, zoneOf);
  const targets = rolloutTargets(rollout, narrow, (selector) => inventory.select(selector));
  const runbooks = [runbook, rollout.runbook];
  const forbidden = forbiddenTargets(targets, asked.rules, { runbooks, triggers: asked.triggers });
  const waves = wavesOf(rollout, targets, at * 1_000, { windows, zoneOf: (region) => zoneOf(region) ?? null });
  const timetable = timetableOf({ runbook, rollout, waves, windows, at });
  const regions = [...new Set(waves.flatMap(({ targets }) => targets.map(({ region }) => region)))];
  const use = rollout.window;
  const span = spanOf(timetable);
  const places = placesOf({ use, regions, span, definitions, zones, zoneOf });
  const together = togetherOf(use, definitions);
  const limits = limitFindings(asked);
  const findings = findingsOf({ timetable, places, use, together, windows, forbidden, limits });
  return { timetable, places, span, findings };
}

/** Regions in all of which the window has to be open at once. */
function togetherOf(use: WindowUse, { windows }: WindowDefinitions): readonly string[] {
  const over = typeof use === 'string' ? overOf(windows[windowName(use)]) : { how: use.over, regions: use.regions };
  return over?.how === 'all' ? over.regions : [];
}

function overOf(definition: unknown) {
  try {
    return readNamedWindow(definition).over;
  } catch {
    return null; // in doubt, and the waves say why
  }
}
