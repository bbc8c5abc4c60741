/** Events of a region that wait for too long: nobody pulls, or what is pulled is not settled. */
import type { EventLog } from '../../../triggers/nats/port.ts';
import { lagOf } from '../../../triggers/path/lag.ts';
import { ago } from '../../status/ago.ts';
import type { Look } from '../watch.ts';

export interface LagLookOptions {
  readonly region: string;
  readonly log: Pick<EventLog, 'consumerState' | 'next'>;
  /** How long an event may wait. */
  readonly maxAgeMs: number;
  readonly now?: () => number;
}

export const lagLook = ({ region, log, maxAgeMs, now = Date.now }: LagLookOptions): Look => ({
  name: `lag ${region}`,
  look: async () => {
    const at = now();
    return (await lagOf(log, region)).flatMap(({ lane, waiting, oldestAt, pulled }) => {
      if (oldestAt === null || at - oldestAt <= maxAgeMs) return [];
      return [
        {
          key: `lag/${region}/${lane}`,
          severity: lane === 'urgent' ? 'critical' : 'warning',
          title: `${region}: ${waiting} ${lane} events wait, the oldest for ${ago(at - oldestAt)}`,
          text: `pulled: ${pulled ? 'yes' : 'no, nobody pulls'}\nlook: tocsin status`,
          link: null,
          at,
        },
      ];
    });
  },
});
