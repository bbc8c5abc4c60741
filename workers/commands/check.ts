/** `tocsin check`: configuration, triggers, schemas and workflow code, without network; every problem at once. */
import { join, resolve } from 'node:path';
import ms from 'ms';
import { pino } from 'pino';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import type { Trigger } from '../../triggers/define-trigger.ts';
import { assertAuth } from '../../triggers/intake/auth.ts';
import { compileCheck } from '../../triggers/events/check.ts';
import { triggers } from '../../triggers/index.ts';
import { workflowBundle } from '../bundle.ts';
import { type Config, type ConfigSource, loadConfig, placeInConfig, readSecret } from '../config.ts';
import { EXIT } from '../exit-code.ts';
import type { ProviderConfig } from '../inventory/inventory-schema.ts';
import { ruleProblems } from '../inventory/target-rules.ts';
import { createChannel } from '../notify/create-channel.ts';
import { readTls, toSender } from '../roles/intake-role.ts';
import { runbookNames } from '../runbooks.ts';
import { scheduleProblems } from '../schedule-config.ts';
import { duringProblems } from '../windows/during-problems.ts';
import { type WindowFindings, windowFindings } from '../windows/window-problems.ts';
import { type CommonOptions, output } from './session.ts';

export async function check(options: CommonOptions): Promise<number> {
  const source = options.configFile === undefined ? {} : { file: options.configFile };
  const warnings: string[] = [];
  const problems = await problemsOf(async () => {
    const config = loadConfig(source);
    warnings.push(...windowLines(config, source).warnings);
    return config;
  }, source);
  const summary = `${triggers.length} triggers, ${runbookNames().length} runbooks, configuration and workflow code are in order`;
  const lines = [...(problems.length === 0 ? [summary] : problems), ...warnings.map((each) => `warning: ${each}`)];
  output(options, { ok: problems.length === 0, problems, warnings }, lines.join('\n'));
  return problems.length === 0 ? EXIT.ok : EXIT.refused;
}

/** What the windows of a configuration come to today, each line with its place in the file. */
export function windowLines(
  config: Config,
  source: ConfigSource,
): { readonly [Kind in keyof WindowFindings]: string[] } {
  // oxlint-disable-next-line no-restricted-globals -- the question is about today
  const found = windowFindings(config, openZoneData({ env: process.env }), Date.now());
  const where = placeInConfig(source);
  const lines = (kind: keyof WindowFindings): string[] =>
    found[kind].map(({ place, message }) => `${where(place)} ${place}: ${message}`);
  return { problems: lines('problems'), warnings: lines('warnings') };
}

/** Every problem that can be seen without a network. `load` may reject: that is one of them. */
export async function problemsOf(load: () => Promise<Config>, source: ConfigSource = {}): Promise<readonly string[]> {
  const problems: string[] = [];
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      return null;
    }
  };
  const config = await attempt(load);
  problems.push(...triggerProblems(triggers, runbookNames()));
  if (config !== null) problems.push(...duringProblems(triggers, config));
  if (config !== null) problems.push(...scheduleProblems(config, openZoneData({ env: process.env })));
  if (config !== null) problems.push(...windowLines(config, source).problems);
  if (config !== null) {
    problems.push(...ruleProblems(config.inventory, { triggers, runbooks: runbookNames() }));
    for (const provider of config.inventory.providers) await attempt(() => assertBearer(provider));
  }
  for (const sender of config?.intake.senders ?? [])
    await attempt(() => assertAuth(sender.name, toSender(sender).auth, listenerOf(config)));
  const tls = config?.intake.tls;
  if (tls !== undefined) await attempt(() => readTls(tls));
  for (const channel of config?.notify.channels ?? [])
    await attempt(() => createChannel(channel, { instance: '', logger: SILENT }));
  const beat = config?.notify.heartbeat?.url;
  if (beat !== undefined) await attempt(() => readSecret(beat));
  await attempt(() => workflowBundle(cacheOf(config), SILENT));
  return problems;
}

/** A provider that needs a secret which is not there would be unusable from the start. */
function assertBearer(provider: ProviderConfig): void {
  if (provider.kind === 'http' && provider.bearer !== undefined) readSecret(provider.bearer);
}

/** What `assertAuth` asks of the address. */
const listenerOf = (config: Config | null) => ({
  host: config?.intake.host ?? '',
  clientCertificates: config?.intake.tls?.clientCa !== undefined,
});

const SILENT = pino({ level: 'silent' });

const cacheOf = (config: Config | null): string => join(resolve(config?.dataDir ?? '.tocsin'), 'cache');

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
    compileCheck(on.checked);
    return [];
  } catch (error) {
    return [
      `trigger ${id}: the schema of ${on.alertName ?? on.type} does not compile: ${error instanceof Error ? error.message : String(error)}`,
    ];
  }
}
