/** `tocsin timetable`: what a rollout will come to, before it runs. Asks the inventory's providers itself; needs no server. */
import { writeFileSync } from 'node:fs';
import { ApplicationFailure } from '@temporalio/common';
import { CalendarError } from '../../activities/calendar/calendar-error.ts';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { InventoryUnusable } from '../../activities/inventory/inventory.ts';
import type { Rollout } from '../../workflows/kit/rollout-plan.ts';
import { listedRunbooks } from '../front-door.ts';
import { targetRules } from '../inventory/target-rules.ts';
import { limitDefinitions } from '../limits/limits-schema.ts';
import { project } from '../project.ts';
import { usesOf } from '../uses-of.ts';
import { type Config, loadConfig } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { readInstant } from '../read-instant.ts';
import { openInventory } from '../inventory/open-inventory.ts';
import { readSelector } from '../inventory/read-selector.ts';
import { conflictsOf } from '../timetable/conflicts.ts';
import { makeReport } from '../timetable/make-report.ts';
import { readRollouts } from '../timetable/read-rollouts.ts';
import type { TimetableReport } from '../timetable/report.ts';
import { timetableHtml } from '../timetable/timetable-html.ts';
import { timetableJson } from '../timetable/timetable-json.ts';
import { timetableSvg } from '../timetable/timetable-svg.ts';
import { timetableText } from '../timetable/timetable-text.ts';
import { windowDefinitions } from '../windows/windows-config.ts';
import { type CommonOptions, output } from './session.ts';

export interface TimetableCommand extends CommonOptions {
  /** Names of runbooks that declare a rollout. */
  readonly runbooks: readonly string[];
  /** RFC 3339; default: now. */
  readonly at?: string;
  /** Narrow the targets; `label=value`. */
  readonly selectors: readonly string[];
  readonly html?: string;
  readonly svg?: string;
}

/** Longer than any provider's own bound that an operator would wait for. */
const READ_TIMEOUT_MS = 120_000;

/** Exit code 1 when a rollout cannot run as declared. */
export async function timetable(options: TimetableCommand): Promise<number> {
  const { runbooks, svg, html } = options;
  if (svg !== undefined && runbooks.length > 1)
    throw new CommandError(
      EXIT.refused,
      `an SVG shows one rollout, and ${runbooks.length} are named; --html shows all`,
    );
  const config = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  const at = readInstant('--at', options.at);
  const rollouts = await rolloutsOf(runbooks);
  const { inventory, providers } = openInventory(config);
  const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
  await Promise.all(providers.map((provider) => provider.refresh(signal)));
  const narrow = readSelector(options.selectors);
  const told = rollouts.map(([runbook, rollout]) => reportOf(config, { runbook, rollout, narrow, inventory, at }));
  const conflicts = conflictsOf(told.map((each) => each.timetable));
  const reports = told.map((each) => ({ ...each, findings: [...conflicts, ...each.findings] }));
  if (svg !== undefined) reports.slice(0, 1).forEach((report) => write(svg, timetableSvg(report)));
  if (html !== undefined) write(html, timetableHtml(reports));
  if (svg !== '-' && html !== '-')
    output(options, { timetables: reports.map(timetableJson) }, reports.map(timetableText).join('\n\n'));
  return reports.some(({ findings }) => findings.some(({ problem }) => problem)) ? EXIT.failed : EXIT.ok;
}

async function rolloutsOf(runbooks: readonly string[]): Promise<(readonly [string, Rollout])[]> {
  const declared = await readRollouts();
  const there = Object.keys(declared).join(', ') || '(none declares one)';
  return [...new Set(runbooks)].map((runbook) => {
    const rollout = Object.hasOwn(declared, runbook) ? declared[runbook] : undefined;
    if (rollout !== undefined) return [runbook, rollout];
    throw new CommandError(
      EXIT.refused,
      `runbook ${JSON.stringify(runbook)} declares no rollout; expected one of ${there}`,
    );
  });
}

type Asked = Pick<Parameters<typeof makeReport>[0], 'runbook' | 'rollout' | 'narrow' | 'inventory' | 'at'>;

function reportOf(config: Config, asked: Asked): TimetableReport {
  try {
    const zones = openZoneData({ env: process.env });
    return makeReport({
      ...asked,
      definitions: windowDefinitions(config),
      zones,
      zoneOf: zoneIn(config),
      rules: targetRules(config.inventory, project.triggers),
      triggers: [BY_HAND, ...project.triggers.filter(({ run }) => run === asked.runbook).map(({ id }) => id)],
      limits: limitDefinitions(config.limits),
      taken: takenLimits(),
    });
  } catch (error) {
    if (error instanceof InventoryUnusable) throw new CommandError(EXIT.unavailable, error.message, error);
    if (error instanceof ApplicationFailure || error instanceof CalendarError)
      throw new CommandError(EXIT.refused, `${asked.runbook}: ${error.message}`, error);
    throw error;
  }
}

/** As its id names the trigger of a run that an operator started. */
const BY_HAND = 'by-hand';

/** Names of the limits that the steps of each runbook take. */
const takenLimits = (): ReadonlyMap<string, readonly string[]> =>
  new Map(
    listedRunbooks().map((runbook) => [runbook.name, [...new Set(usesOf(runbook)?.limits.map(({ name }) => name))]]),
  );

/** Targets that a provider names in a region of before have no zone. */
const zoneIn =
  ({ places }: Config) =>
  (region: string): string | undefined =>
    places.find(({ name }) => name === region)?.zone ?? undefined;

function write(file: string, text: string): void {
  if (file === '-') process.stdout.write(text);
  else writeFileSync(file, text);
}
