/**
 * The code that an installation runs: the three front doors (workflows/, triggers/ and activities/index) of the folder Tocsin is started in,
 * or of the one that TOCSIN_PROJECT names; where that is none, the runbooks that come with Tocsin. Read once, when it is first needed.
 */
import { existsSync, realpathSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ActivityDependencies } from '../activities/index.ts';
import type { Trigger } from '../triggers/define-trigger.ts';
import type { ScheduleDefinition } from '../triggers/schedules/schedule-definition.ts';
import { CommandError, EXIT } from './exit-code.ts';
import { PACKAGE_ROOT } from './package-version.ts';

export interface Project {
  /** Front door 1, as a file: workflow code is bundled, never imported here. */
  readonly workflows: string;
  readonly triggers: readonly Trigger[];
  readonly schedules: readonly ScheduleDefinition[];
  readonly createActivities: (dependencies: ActivityDependencies) => Readonly<Record<string, ActivityFunction>>;
}

type ActivityFunction = (input: never) => Promise<unknown>;

const OWN = { root: join(import.meta.dirname, '..'), extension: extname(import.meta.filename) };
const FRONT_DOORS = ['workflows', 'triggers', 'activities'] as const;

export const project: Project = await openProject(process.env['TOCSIN_PROJECT']);

/** Rejects with CommandError when a folder was named that is no project, or when a front door lacks what it is there for. */
async function openProject(named: string | undefined): Promise<Project> {
  const { root, extension } = placeOf(resolve(named ?? '.'), named !== undefined);
  const [workflows = '', triggers = '', activities = ''] = FRONT_DOORS.map((folder) =>
    join(root, folder, `index${extension}`),
  );
  if (extension === '.ts' && OWN.extension === '.js') (await import('tsx/esm/api')).register();
  const { triggers: list, schedules = [] } = await importFrontDoor(triggers);
  const { createActivities } = await importFrontDoor(activities);
  if (!Array.isArray(list)) throw lacking(triggers, 'triggers', 'a list of triggers');
  if (!Array.isArray(schedules)) throw lacking(triggers, 'schedules', 'a list of schedules');
  if (typeof createActivities !== 'function') throw lacking(activities, 'createActivities', 'a function');
  return {
    workflows,
    triggers: list as Project['triggers'],
    schedules: schedules as Project['schedules'],
    createActivities: createActivities as Project['createActivities'],
  };
}

function placeOf(root: string, named: boolean): typeof OWN {
  // Started inside Tocsin's own checkout: the code that runs already, be it built or not.
  if (existsSync(root) && realpathSync(root) === realpathSync(PACKAGE_ROOT)) return OWN;
  for (const extension of ['.ts', '.js'])
    if (FRONT_DOORS.every((folder) => existsSync(join(root, folder, `index${extension}`)))) return { root, extension };
  if (!named) return OWN;
  throw new CommandError(
    EXIT.refused,
    `TOCSIN_PROJECT=${root}: expected a folder with ${FRONT_DOORS.map((folder) => `${folder}/index`).join(', ')}`,
  );
}

async function importFrontDoor(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw new CommandError(EXIT.refused, `${file} cannot be loaded: ${describe(error)}`, error);
  }
}

/** With the place, which the first line of the stack of a syntax error has. */
function describe(error: unknown): string {
  if (error instanceof SyntaxError) return error.stack ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

function lacking(file: string, name: string, expected: string): CommandError {
  return new CommandError(EXIT.refused, `${file} exports no ${name}; expected ${expected}`);
}
