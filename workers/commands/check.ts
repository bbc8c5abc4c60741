/** `tocsin check`: configuration, triggers, schemas and workflow code, without network; every problem at once. */
import { pino } from 'pino';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { assertAuth } from '../../triggers/intake/auth.ts';
import type { Rollout } from '../../workflows/kit/rollout-plan.ts';
import { type Config, type ConfigSource, loadConfig, placeInConfig, readSecret } from '../config.ts';
import { EXIT } from '../exit-code.ts';
import type { ProviderConfig } from '../inventory/inventory-schema.ts';
import { createChannel } from '../notify/create-channel.ts';
import { readTls, toSender } from '../roles/configured-sender.ts';
import { type WindowFindings, windowFindings } from '../windows/window-problems.ts';
import { type CommonOptions, output } from './session.ts';

export async function check(options: CommonOptions): Promise<number> {
  const source = options.configFile === undefined ? {} : { file: options.configFile };
  const warnings: string[] = [];
  const problems = await problemsOf(async () => {
    const config = loadConfig(source);
    warnings.push(...windowLines(config, source, await declaredRollouts()).warnings);
    return config;
  }, source);
  const summary = 'configuration, triggers and runbooks are in order';
  const lines = [...(problems.length === 0 ? [summary] : problems), ...warnings.map((each) => `warning: ${each}`)];
  output(options, { ok: problems.length === 0, problems, warnings }, lines.join('\n'));
  return problems.length === 0 ? EXIT.ok : EXIT.refused;
}

/** What the windows of a configuration come to today, each line with its place in the file. */
export function windowLines(
  config: Config,
  source: ConfigSource,
  rollouts: Readonly<Record<string, Rollout>> = {},
): { readonly [Kind in keyof WindowFindings]: string[] } {
  // oxlint-disable-next-line no-restricted-globals -- the question is about today
  const found = windowFindings(config, openZoneData({ env: source.env ?? process.env }), Date.now(), rollouts);
  const where = placeInConfig(source);
  const lines = (kind: keyof WindowFindings): string[] =>
    found[kind].map(({ place, message }) => `${where(place)} ${place}: ${message}`);
  return { problems: lines('problems'), warnings: lines('warnings') };
}

/** None when the project cannot be loaded, which is told where its code is looked at. */
async function declaredRollouts(): Promise<Readonly<Record<string, Rollout>>> {
  const reader = await import('../timetable/read-rollouts.ts').catch(() => null);
  return reader === null ? {} : reader.readRollouts();
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
  // Loaded here: that it cannot be loaded is one problem among the others.
  const code = await attempt(() => import('../project-problems.ts'));
  if (code !== null) problems.push(...(await code.projectProblems(config, placeInConfig(source))));
  const rollouts = (await attempt(declaredRollouts)) ?? {};
  if (config !== null) problems.push(...windowLines(config, source, rollouts).problems);
  if (config !== null) {
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
