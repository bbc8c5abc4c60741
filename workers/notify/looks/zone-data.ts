/** Workers that began with zone data of different releases: they may disagree about local time. */
import { ACTIVITY_TASKS, RUNBOOK_TASKS, pollersOf } from '../../pollers.ts';
import type { TemporalClient } from '../../temporal-connection.ts';
import { zoneDataOf } from '../../worker-identity.ts';
import { RUNBOOK_QUEUE } from '../../../workflows/kit/run-context.ts';
import type { Look } from '../watch.ts';

export interface ZoneDataLookOptions {
  readonly temporal: Pick<TemporalClient, 'client' | 'namespace'>;
  /** Those of the activity workers. */
  readonly queues: readonly string[];
  /** Release with which this process began; null when it has none. */
  readonly own: string | null;
  readonly now?: () => number;
}

export const zoneDataLook = ({ temporal, queues, own, now = Date.now }: ZoneDataLookOptions): Look => ({
  name: 'zone data',
  look: async () => {
    const polled = [
      pollersOf(temporal, RUNBOOK_QUEUE, RUNBOOK_TASKS),
      ...queues.map((queue) => pollersOf(temporal, queue, ACTIVITY_TASKS)),
    ];
    const identities = (await Promise.all(polled)).flat().map(({ identity }) => identity);
    const releases = new Map<string, string>();
    if (own !== null) releases.set(own, 'this trigger process');
    for (const identity of identities) {
      const release = zoneDataOf(identity);
      if (release !== null && !releases.has(release)) releases.set(release, identity);
    }
    if (releases.size < 2) return [];
    return [
      {
        key: 'zone-data',
        severity: 'warning',
        title: `hosts began with zone data of ${[...releases.keys()].toSorted().join(' and ')}`,
        text: `They may disagree about local time; install the same tzdata everywhere. Each told the release it began with; one installed since takes effect without a restart.\n${[...releases].map(([release, who]) => `${release}: ${who}`).join('\n')}`,
        link: null,
        at: now(),
      },
    ];
  },
});
