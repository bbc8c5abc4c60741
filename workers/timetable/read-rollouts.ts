/** The rollouts that the runbooks of a project declare: `rollouts` of the file `rollouts` beside the list of runbooks. Data only, so it is read here. */
import { existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Rollout } from '../../workflows/kit/rollout-plan.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { project } from '../project.ts';

/** By name of the runbook; none when the project has no such file. Rejects with CommandError when it cannot be read. */
export async function readRollouts(frontDoor: string = project.workflows): Promise<Readonly<Record<string, Rollout>>> {
  const file = join(dirname(frontDoor), `rollouts${extname(frontDoor)}`);
  if (!existsSync(file)) return {};
  const { rollouts } = (await import(pathToFileURL(file).href)) as { readonly rollouts?: unknown };
  if (typeof rollouts !== 'object' || rollouts === null)
    throw new CommandError(
      EXIT.refused,
      `${file} exports no rollouts; expected an object of rollouts by name of the runbook`,
    );
  return rollouts as Readonly<Record<string, Rollout>>;
}
