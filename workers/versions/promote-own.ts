/** For a process that has every role: its version is the only one there is, so it takes all new runs once its workers ask for tasks. */
import { type Waiting, until } from '../connect.ts';
import type { Config } from '../config.ts';
import type { TemporalClient } from '../temporal-connection.ts';
import { buildIdOf } from './build-id.ts';
import { describeDeployment, setCurrent } from './deployment.ts';

export async function promoteOwn(
  { config, ...waiting }: Waiting & { readonly config: Config },
  { client, namespace }: TemporalClient,
): Promise<void> {
  if (config.deployment === undefined) return;
  const [named, build] = [{ client, namespace, deployment: config.deployment.name }, buildIdOf()];
  await until(`workers of version ${build}`, waiting, async () => {
    const { versions, conflictToken } = await describeDeployment(named);
    if (!versions.some((each) => each.build === build && each.remembered > config.places.length))
      throw new Error('not all of them ask for tasks yet');
    await setCurrent(named, build, conflictToken);
  });
  waiting.logger.info({ build }, 'this version takes all new runs');
}
