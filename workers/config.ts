/**
 * Configuration: `tocsin.yaml`, then environment, then flags; checked as a whole, so that all problems are reported at once. Secrets
 * are only named in it, and read when they are needed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openZoneData } from '../activities/calendar/zone-data.ts';
import { channelProblems } from './notify/channel-problems.ts';
import { approvalProblems } from './approvals-schema.ts';
import { type Problem, checkWithDefaults } from '../triggers/events/check.ts';
import { explainProblem } from './config-problem.ts';
import { type Config, ConfigSchema } from './config-schema.ts';
import { durationMs } from './duration.ts';
import { CommandError, EXIT } from './exit-code.ts';
import { inventoryProblems } from './inventory/inventory-problems.ts';
import { readRegions, regionProblems } from './regions.ts';
import type { RegionEntry } from './regions-schema.ts';
import { diskProblems } from './disks-schema.ts';
import { kubernetesProblems } from './kubernetes-schema.ts';
import { limitProblems } from './limits/limits-schema.ts';
import { windowProblems } from './windows/window-problems.ts';
import { monitoringProblems } from './monitoring-schema.ts';
import { type YamlDocument, readYaml } from './yaml-document.ts';

export type { Config } from './config-schema.ts';
export { durationMs } from './duration.ts';

const DEFAULT_FILE = 'tocsin.yaml';

/** Environment names, each with the place it sets. Beside them: NATS_URL, NATS_CREDS, and Temporal's own TEMPORAL_* names. */
export const ENVIRONMENT: Readonly<Record<string, readonly [section: string, key: string] | readonly [key: string]>> = {
  TOCSIN_DATA_DIR: ['dataDir'],
  TOCSIN_NATS_PORT: ['nats', 'port'],
  TOCSIN_TEMPORAL_PORT: ['temporal', 'port'],
  TOCSIN_UI_PORT: ['temporal', 'uiPort'],
  TOCSIN_INTAKE_HOST: ['intake', 'host'],
  TOCSIN_INTAKE_PORT: ['intake', 'port'],
  TOCSIN_HEALTH_HOST: ['health', 'host'],
  TOCSIN_HEALTH_PORT: ['health', 'port'],
  TOCSIN_LOG_LEVEL: ['log', 'level'],
};

export interface ConfigSource {
  readonly file?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The file that is read, whether it is there or not. */
export const configPath = ({ file, env = process.env }: ConfigSource = {}): string =>
  resolve(file ?? env['TOCSIN_CONFIG'] ?? DEFAULT_FILE);

/** Rejects with every problem found, one per line, each with its place and what is expected there. */
export function loadConfig({ file, env = process.env }: ConfigSource = {}): Config {
  const path = configPath({ ...(file === undefined ? {} : { file }), env });
  const asked = file !== undefined || env['TOCSIN_CONFIG'] !== undefined;
  const { value, problems, placeOf } = readFile(path, asked);
  const raw = withEnvironment(value, env);
  const checked = checkWithDefaults(ConfigSchema, raw);
  const filled = checked.filled as Written;
  // What cannot be read has no other faults yet.
  const found = (problems.length > 0 ? [] : checked.problems).map((each) => ({
    ...each,
    message: explainProblem(each),
  }));
  if (problems.length === 0) found.push(...secretsInClear(filled));
  const config = problems.length + found.length > 0 ? null : withRegions(filled);
  if (config !== null) found.push(...contradictions(config, env));
  const lines = [
    ...problems,
    ...found.map(({ place, message }) => `${whereIs(place, placeOf, env)} ${place || '/'}: ${message}`),
  ];
  if (config === null || lines.length > 0)
    throw new CommandError(EXIT.refused, [`configuration ${path}:`, ...lines.map((line) => `  ${line}`)].join('\n'));
  return config;
}

/** Says for a place of the configuration where it stands: `file:line:column`. */
export function placeInConfig(source: ConfigSource = {}): (place: string) => string {
  const path = configPath(source);
  const { placeOf } = readFile(path, false);
  return (place) => [path, placeOf(place) ?? []].flat().join(':');
}

/** As the file has it, before the regions are read. */
type Written = Omit<Config, 'regions' | 'places'> & { readonly regions: readonly RegionEntry[] };

function withRegions(written: Written): Config {
  const places = readRegions(written.regions);
  return { ...written, places, regions: places.map(({ name }) => name) };
}

function readFile(path: string, asked: boolean): YamlDocument {
  if (existsSync(path)) return readYaml(readFileSync(path, 'utf8'));
  return { ...readYaml(''), problems: asked ? ['the file is not there'] : [] };
}

/** Line and column, or the name in the environment that set the value. */
function whereIs(place: string, placeOf: YamlDocument['placeOf'], env: NonNullable<ConfigSource['env']>): string {
  const name = Object.entries(ENVIRONMENT).find(
    ([each, path]) => env[each] !== undefined && `/${path.join('/')}` === place,
  );
  return name?.[0] ?? placeOf(place) ?? '-';
}

function withEnvironment(value: unknown, env: Readonly<Record<string, string | undefined>>): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const merged: Record<string, unknown> = structuredClone(value) as Record<string, unknown>;
  for (const [name, [section, key]] of Object.entries(ENVIRONMENT)) {
    const text = env[name];
    if (text === undefined) continue;
    const parsed = /^\d+$/.test(text) ? Number(text) : text;
    if (key === undefined) merged[section] = parsed;
    else merged[section] = { ...(merged[section] as object | undefined), [key]: parsed };
  }
  return merged;
}

/** What no schema can say: values that fit alone and not together. */
function contradictions(config: Config, env: NonNullable<ConfigSource['env']>): Problem[] {
  const problems: Problem[] = [...regionProblems(config.places, () => openZoneData({ env }))];
  if (durationMs(config.nats.duplicateWindow) > durationMs(config.trigger.reorderBound)) {
    problems.push({
      place: '/nats/duplicateWindow',
      message:
        `${config.nats.duplicateWindow} is longer than /trigger/reorderBound ${config.trigger.reorderBound}; ` +
        'an alert that fires again after it was resolved could be taken for a copy',
    });
  }
  for (const [index, { name, region }] of config.services.entries()) {
    if (!config.regions.includes(region))
      problems.push({
        place: `/services/${index}/region`,
        message: `${name} is in ${region}, expected one of ${config.regions.join(', ')}`,
      });
  }
  problems.push(...inventoryProblems(config).map(asProblem));
  const names = config.intake.senders.map(({ name }) => name);
  for (const name of new Set(names.filter((each, index) => names.indexOf(each) !== index)))
    problems.push({ place: '/intake/senders', message: `${name} is there twice` });
  problems.push(...approvalProblems(config.approvals).map(asProblem));
  problems.push(...channelProblems(config).map(asProblem));
  problems.push(...kubernetesProblems(config.kubernetes).map(asProblem));
  problems.push(...limitProblems(config.limits).map(asProblem));
  problems.push(...windowProblems(config));
  problems.push(...diskProblems(config.disks).map(asProblem));
  problems.push(...monitoringProblems(config).map(asProblem));
  return problems;
}

/** A user and a password in an address pass every schema. */
function secretsInClear(value: unknown, place = ''): Problem[] {
  if (typeof value === 'string' && /^[a-z][a-z0-9+.-]*:\/\/[^/\s]*:[^/\s]*@/i.test(value))
    return [{ place, message: 'holds a password in an address, expected an address only; change that password' }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    secretsInClear(each, `${place}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}

/** `place: message`, as parts of the configuration report it. */
const asProblem = (line: string): Problem => {
  const at = line.indexOf(': ');
  return { place: line.slice(0, at), message: line.slice(at + 2) };
};

/** All regions when none is asked for. Rejects one that is not configured. */
export function chosenRegions(config: Config, wanted: readonly (string | undefined)[]): readonly string[] {
  const asked = wanted.filter((region) => region !== undefined);
  const unknown = asked.filter((region) => !config.regions.includes(region));
  if (unknown.length > 0) {
    throw new CommandError(
      EXIT.refused,
      `region ${unknown.join(', ')} is not configured; expected one of ${config.regions.join(', ')}`,
    );
  }
  return asked.length === 0 ? config.regions : asked;
}

/** The value behind `env:NAME` or `file:/path`. Rejects when it is empty, because an empty secret opens every door. */
export function readSecret(reference: string, env: Readonly<Record<string, string | undefined>> = process.env): string {
  const [kind, name] = [reference.slice(0, reference.indexOf(':')), reference.slice(reference.indexOf(':') + 1)];
  const value = kind === 'env' ? env[name] : existsSync(name) ? readFileSync(name, 'utf8') : undefined;
  if (value === undefined || value.trim() === '')
    throw new CommandError(EXIT.refused, `secret ${reference} is missing or empty`);
  return value.trim();
}
