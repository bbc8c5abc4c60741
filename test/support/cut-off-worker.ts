/** An activity worker process of one group, to be cut off. `argv`: address, name of the group, script of the target, file of its record. */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { withinAttempt } from '../../activities/attempt-time.ts';
import { runCommand } from '../../activities/command.ts';
import { stepCommand, succeeded } from '../../activities/step-command.ts';
import { connectTemporal } from '../../workers/temporal-connection.ts';
import { createWorker } from '../../workers/worker.ts';

export interface TouchInput {
  readonly target: string;
  /** False: the command may go on for as long as it likes. For showing that the test sees what then happens. */
  readonly bounded: boolean;
}

export type CutOffActs = ReturnType<typeof createActs>;

const LONG_MS = 60_000;

const createActs = (group: string, script: string, record: string) => ({
  touch: async ({ target, bounded }: TouchInput): Promise<boolean> => {
    const timeoutMs = bounded ? withinAttempt(LONG_MS) : LONG_MS;
    const argv = ['sh', script, record, target, group];
    return succeeded(await runCommand({ argv, timeoutMs }, bounded ? stepCommand().hooks : {}), `touch ${target}`);
  },
});

const [address = '', group = '', script = '', record = ''] = process.argv.slice(2);
if (address !== '') {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const temporal = await connectTemporal({ connection: { address }, namespace: 'default', external: true });
  const limits = { maxCachedWorkflows: 1, maxActivities: 20, shutdownGraceMs: 1_000 };
  const activities = createActs(group, script, record);
  await createWorker(temporal, { kind: 'activities', region: 'eu', activities }, limits);
}
