/** Dead letters by region: what waits for somebody to redrive or discard it. */
import { deadStream } from '../../triggers/nats/subject.ts';
import { byRegion } from './by-region.ts';
import type { StatusSection } from './section.ts';

export const deadLetters: StatusSection = {
  name: 'dead-letters',
  look: (session) =>
    byRegion(
      session,
      async ({ region, log }) => ({ region, letters: (await log.streamState(deadStream(region))).messages }),
      (found) => {
        const some = found.filter(({ letters }) => letters > 0);
        return {
          lines:
            some.length === 0
              ? ['none']
              : some.map(({ region, letters }) => `${region}: ${letters}, see tocsin dead-letters list`),
          facts: found,
          bad: some.length > 0,
        };
      },
    ),
};
