/** What an installation does when: its triggers, runbooks, limits, windows and regions, read from their definitions. Needs no server. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { During, Trigger } from '../../triggers/define-trigger.ts';
import { nameOf } from '../../triggers/path/during.ts';
import type { Config } from '../config-schema.ts';
import { listedRunbooks, sourceOf } from '../front-door.ts';
import { project } from '../project.ts';
import { type Registered, registeredActivities } from '../registered-activities.ts';
import { type RunbookUses, type Use, runbookUses } from '../runbook-uses.ts';
import { scheduleDefinitions } from '../schedule-config.ts';

export interface Catalogue {
  readonly triggers: readonly CatalogueTrigger[];
  readonly runbooks: readonly CatalogueRunbook[];
  readonly limits: readonly CatalogueLimit[];
  readonly windows: readonly CatalogueWindow[];
  readonly regions: readonly CatalogueRegion[];
  readonly schedules: readonly CatalogueSchedule[];
}

export interface CatalogueTrigger {
  readonly id: string;
  /** Alert name, or event type. */
  readonly on: string;
  readonly match: unknown;
  /** Whether code decides as well (`when`). */
  readonly when: boolean;
  /** As defined; `tocsin trigger list` has what an operator has made of it. */
  readonly mode: string;
  readonly run: string;
  readonly window: string | null;
  readonly otherwise: 'hold' | 'ignore' | null;
  readonly targets: Trigger['targets'] | null;
  readonly onResolved: string;
  readonly onFailure: string;
  readonly executionTimeout: string;
}

export interface CatalogueRunbook {
  readonly name: string;
  /** Relative to the folder the command was started in. */
  readonly file: string;
  /** First sentence of the file's comment; empty when it has none. */
  readonly about: string;
  readonly triggers: readonly string[];
  readonly activities: readonly { readonly name: string; readonly kind: 'look' | 'effect' | 'unregistered' | null }[];
  readonly limits: readonly string[];
  readonly windows: readonly string[];
  /** Why nothing is known of its activities, limits and windows. */
  readonly problem: string | null;
}

export interface CatalogueLimit {
  readonly name: string;
  readonly scope: string;
  readonly slots: number | string;
  readonly whenFull: string;
  readonly runbooks: readonly string[];
  /** False: a runbook names it, the configuration does not. */
  readonly configured: boolean;
}

export interface CatalogueWindow {
  readonly name: string;
  readonly definition: unknown;
  readonly triggers: readonly string[];
  readonly runbooks: readonly string[];
  readonly configured: boolean;
}

export interface CatalogueRegion {
  readonly name: string;
  readonly zone: string | null;
  readonly queue: string;
  readonly failOver: readonly string[];
  readonly whenNoWorker: string;
}

export interface CatalogueSchedule {
  readonly id: string;
  readonly zone: string;
  readonly region: string;
  /** As it is written. */
  readonly points: string;
}

export function catalogueOf(config: Config): Catalogue {
  const triggers = project.triggers.map(triggerOf);
  const registered = registeredActivities();
  const runbooks = listedRunbooks().map(({ name, ...rest }) => ({
    name,
    ...fileFacts(sourceOf({ name, ...rest }), registered),
    triggers: triggers.filter(({ run }) => run === name).map(({ id }) => id),
  }));
  return {
    triggers,
    runbooks,
    limits: limitsOf(config, runbooks),
    windows: windowsOf(config, triggers, runbooks),
    regions: config.places.map(({ name, zone, queue, failOver, whenNoWorker }) => ({
      name,
      zone,
      queue,
      failOver,
      whenNoWorker,
    })),
    schedules: scheduleDefinitions(config).map(({ id, zone, region, cron, at, every }) => ({
      id,
      zone,
      region,
      points: cron ?? (at === undefined ? `every ${every ?? '?'}` : `at ${[at].flat().join(', ')}`),
    })),
  };
}

function triggerOf(trigger: Trigger): CatalogueTrigger {
  const { id, on, match, when, mode = 'auto', run, targets, onResolved = 'cancel', onFailure, during } = trigger;
  const hours: During | null = typeof during === 'string' ? { window: during } : (during ?? null);
  return {
    id,
    on: on.alertName ?? on.type,
    match: match ?? null,
    when: when !== undefined,
    mode,
    run,
    window: hours === null ? null : nameOf(hours.window),
    otherwise: hours === null ? null : (hours.otherwise ?? 'hold'),
    targets: targets ?? null,
    onResolved,
    onFailure: onFailure?.kind === 'again' ? `again after ${onFailure.after}, ${onFailure.max} times` : 'escalate',
    executionTimeout: trigger.executionTimeout ?? '1h',
  };
}

function fileFacts(file: string, registered: Registered): Omit<CatalogueRunbook, 'name' | 'triggers'> {
  const place = relative(process.cwd(), file) || file;
  try {
    const uses = runbookUses(file);
    return {
      file: place,
      about: aboutOf(readFileSync(file, 'utf8')),
      ...namesOf(uses),
      activities: unique(uses.activities).map((name) => ({ name, kind: kindOf(name, registered) })),
      problem: null,
    };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { file: place, about: '', limits: [], windows: [], activities: [], problem };
  }
}

const kindOf = (name: string, registered: Registered) =>
  registered === null ? null : (registered.get(name) ?? 'unregistered');

const namesOf = ({ limits, windows }: RunbookUses) => ({ limits: unique(limits), windows: unique(windows) });

const unique = (uses: readonly Use[]): readonly string[] => [...new Set(uses.map(({ name }) => name))];

const MAX_ABOUT = 300;

/** The comment a file begins with, up to the end of its first sentence. */
function aboutOf(text: string): string {
  const [, comment = ''] = /^\s*\/\*\*?([\s\S]*?)\*\//.exec(text) ?? [];
  const line = comment
    .replaceAll(/^\s*\*/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return (/^.*?\.(?=\s|$)/.exec(line)?.[0] ?? line).slice(0, MAX_ABOUT);
}

function limitsOf(config: Config, runbooks: readonly CatalogueRunbook[]): readonly CatalogueLimit[] {
  const users = (name: string) => runbooks.filter(({ limits }) => limits.includes(name)).map((each) => each.name);
  const configured = config.limits.map(({ name, scope, slots, whenFull }) => ({
    name,
    scope,
    slots,
    whenFull,
    runbooks: users(name),
    configured: true,
  }));
  const missing = namesBeside(
    runbooks.flatMap(({ limits }) => limits),
    configured,
  );
  return [
    ...configured,
    ...missing.map((name) => ({
      name,
      scope: '',
      slots: '',
      whenFull: '',
      runbooks: users(name),
      configured: false,
    })),
  ];
}

function windowsOf(
  { windows }: Config,
  triggers: readonly CatalogueTrigger[],
  runbooks: readonly CatalogueRunbook[],
): readonly CatalogueWindow[] {
  const users = (name: string) => ({
    triggers: triggers.filter(({ window }) => window === name).map(({ id }) => id),
    runbooks: runbooks.filter((each) => each.windows.includes(name)).map((each) => each.name),
  });
  const configured = Object.entries(windows).map(([name, definition]) => ({ name, definition, configured: true }));
  const named = [
    ...triggers.flatMap(({ window }) => (window === null ? [] : [window])),
    ...runbooks.flatMap((each) => each.windows),
  ];
  const missing = namesBeside(named, configured).map((name) => ({ name, definition: null, configured: false }));
  return [...configured, ...missing].map((each) => ({ ...each, ...users(each.name) }));
}

const namesBeside = (names: readonly string[], there: readonly { readonly name: string }[]): readonly string[] =>
  [...new Set(names)].filter((name) => !there.some((each) => each.name === name));
