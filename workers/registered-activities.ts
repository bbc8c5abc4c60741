/** Which activities the front door of a project registers, known without a server, a secret or a region; and which of those that runbooks call it lacks. */
import { isLook } from '../activities/look.ts';
import { listedRunbooks } from './front-door.ts';
import { type Project, project } from './project.ts';
import type { Use } from './runbook-uses.ts';
import { usesOf } from './uses-of.ts';

/** By name; null: `createActivities` does not work without its real dependencies, so nothing is known. */
export type Registered = ReadonlyMap<string, 'look' | 'effect'> | null;

export function registeredActivities({ createActivities }: Pick<Project, 'createActivities'> = project): Registered {
  try {
    return kinds(createActivities(STAND_IN as Parameters<typeof createActivities>[0]));
  } catch {
    return null;
  }
}

const kinds = (activities: Readonly<Record<string, object>>): ReadonlyMap<string, 'look' | 'effect'> =>
  new Map(Object.entries(activities).map(([name, activity]) => [name, isLook(activity) ? 'look' : 'effect']));

/** One line for each activity of a runbook that nobody registers, at the first place that calls it: its runs would wait there for a worker. */
export function activityProblems(registered: ReadonlySet<string>, frontDoor: string = project.workflows): string[] {
  return listedRunbooks(frontDoor).flatMap((runbook) =>
    firstOfEach(usesOf(runbook)?.activities ?? [])
      .filter(({ name }) => !registered.has(name))
      .map(
        ({ name, file, line }) =>
          `${file}:${line}: runbook ${runbook.name} calls activity ${name}, which activities/index does not register; ` +
          `add the line that creates it to createActivities there`,
      ),
  );
}

/** Whatever a project asks its dependencies for while it only makes its activities: it is there, can be called, and is the same again. */
const STAND_IN: object = new Proxy(function standIn() {}, {
  get: (_target, name) => (name === Symbol.toPrimitive ? () => '' : STAND_IN),
  apply: () => STAND_IN,
  construct: () => STAND_IN,
});

const firstOfEach = (uses: readonly Use[]): readonly Use[] =>
  uses.filter(({ name }, index) => uses.findIndex((each) => each.name === name) === index);
