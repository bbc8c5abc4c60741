/** What is wrong with the code of a project that no compiler has to see: its lists, its triggers and schedules, its workflow code. */
import { join, resolve } from 'node:path';
import ms from 'ms';
import { pino } from 'pino';
import { openZoneData } from '../activities/calendar/zone-data.ts';
import type { Trigger } from '../triggers/define-trigger.ts';
import { compileCheck } from '../triggers/events/check.ts';
import { BundleProblem } from './bundle-problem.ts';
import { workflowBundle } from './bundle.ts';
import type { Config } from './config.ts';
import { listProblems, listedRunbooks, runbookNames } from './front-door.ts';
import { ruleProblems } from './inventory/target-rules.ts';
import { project } from './project.ts';
import { activityProblems, registeredActivities } from './registered-activities.ts';
import { scheduleProblems } from './schedule-config.ts';
import { useProblems } from './use-problems.ts';
import { duringProblems } from './windows/during-problems.ts';

/**
 * Without a network. Of what stands on the configuration nothing is said when there is none. `whereIs`: where a place of it is written, as
 * `file:line:column`.
 */
export async function projectProblems(config: Config | null, whereIs: (place: string) => string): Promise<string[]> {
  const { triggers } = project;
  const runbooks = runbookNames();
  const registered = registeredActivities();
  return [
    ...listProblems(),
    ...(registered === null ? [] : activityProblems(new Set(registered.keys()))),
    ...triggerProblems(triggers, runbooks),
    ...(config === null ? [] : duringProblems(triggers, config)),
    ...(config === null ? [] : useProblems(listedRunbooks(), triggers, config)),
    ...(config === null ? [] : scheduleLines(config, whereIs)),
    ...(config === null ? [] : ruleProblems(config.inventory, { triggers, runbooks })),
    ...(await bundleProblems(join(resolve(config?.dataDir ?? '.tocsin'), 'cache'))),
  ];
}

/** Those of `tocsin.yaml` with their place in it. */
export const scheduleLines = (config: Config, whereIs: (place: string) => string): string[] =>
  // oxlint-disable-next-line no-restricted-globals -- the question is whether they fire from today on
  scheduleProblems(config, openZoneData({ env: process.env }), Date.now()).map(({ place, message }) =>
    place === '' ? message : `${whereIs(place)} ${place}: ${message}`,
  );

async function bundleProblems(cacheDir: string): Promise<string[]> {
  try {
    const { broken } = await workflowBundle(cacheDir, pino({ level: 'silent' }));
    return broken.map(({ problem }) => problem);
  } catch (error) {
    if (error instanceof BundleProblem) return [error.message];
    throw error;
  }
}

/** What the compiler cannot see: ids that clash or cannot be read in a workflow id, durations that are none, schemas that do not compile. */
export function triggerProblems(all: readonly Trigger[], runbooks: readonly string[]): string[] {
  return all.flatMap((trigger, index) => [
    ...(/^[a-z0-9][a-z0-9-]{0,59}$/.test(trigger.id)
      ? []
      : [`trigger ${JSON.stringify(trigger.id)}: expected lower case, digits and dashes, at most 60`]),
    ...(all.findIndex(({ id }) => id === trigger.id) === index ? [] : [`trigger ${trigger.id} is there twice`]),
    ...(runbooks.includes(trigger.run)
      ? []
      : [`trigger ${trigger.id}: runbook ${trigger.run} is not in workflows/index; it has ${runbooks.join(', ')}`]),
    ...durationProblems(trigger),
    ...schemaProblems(trigger),
  ]);
}

function durationProblems({ id, maxEventAge, maxQueueAge, executionTimeout, onFailure }: Trigger): string[] {
  const durations = {
    maxEventAge,
    maxQueueAge,
    executionTimeout,
    'onFailure.after': onFailure?.kind === 'again' ? onFailure.after : undefined,
  };
  return Object.entries(durations).flatMap(([name, text]) => {
    if (text === undefined) return [];
    const value = ms(text) as number | undefined;
    return value !== undefined && value > 0 ? [] : [`trigger ${id}: ${name} ${JSON.stringify(text)} is no duration`];
  });
}

function schemaProblems({ id, on }: Trigger): string[] {
  try {
    compileCheck(on.checked)(null);
    return [];
  } catch (error) {
    return [
      `trigger ${id}: the schema of ${on.alertName ?? on.type} does not compile: ${error instanceof Error ? error.message : String(error)}`,
    ];
  }
}
