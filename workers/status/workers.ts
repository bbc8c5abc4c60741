/** Who takes the tasks of each region and of the runbooks: host, process, version and zone data, as Temporal has seen them poll. */
import { RUNBOOK_QUEUE } from '../../workflows/kit/run-context.ts';
import { ACTIVITY_TASKS, type Poller, RUNBOOK_TASKS, livePollers, pollersOf } from '../pollers.ts';
import { describedIdentity } from '../worker-identity.ts';
import { ago } from './ago.ts';
import type { StatusSection } from './section.ts';

export const workers: StatusSection = {
  name: 'workers',
  look: async (session) => {
    const temporal = await session.temporal();
    const queues = [
      { part: 'runbooks', queue: RUNBOOK_QUEUE, kind: RUNBOOK_TASKS },
      ...session.config.places.map(({ name, queue }) => ({ part: name, queue, kind: ACTIVITY_TASKS })),
    ];
    const now = Date.now();
    const found = await Promise.all(
      queues.map(async ({ part, queue, kind }) => ({
        part,
        queue,
        workers: livePollers(await pollersOf(temporal, queue, kind), now).map((each) => facts(each, now)),
      })),
    );
    return {
      lines: found.flatMap(({ part, workers: those }) =>
        those.length === 0 ? [`${part}: NO WORKER`] : those.map((each) => `${part}: ${lineOf(each)}`),
      ),
      facts: found,
      bad: found.some(({ workers: those }) => those.length === 0),
    };
  },
};

type Facts = ReturnType<typeof facts>;

const facts = ({ identity, seenAt }: Poller, now: number) => ({
  identity,
  ...describedIdentity(identity),
  seenMsAgo: Math.max(0, now - seenAt),
});

function lineOf({ identity, host, pid, version, tzdb, seenMsAgo }: Facts): string {
  const who = host === null ? identity : `${host} (process ${pid}) v${version}, tzdb ${tzdb}`;
  return `${who}, seen ${ago(seenMsAgo)} ago`;
}
