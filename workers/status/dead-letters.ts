/** Dead letters by region: what waits for somebody to redrive or discard it. */
import { deadStream } from '../../triggers/nats/subject.ts';
import type { StatusSection } from './section.ts';

export const deadLetters: StatusSection = {
  name: 'dead-letters',
  look: async (session) => {
    const found = await Promise.all(
      (await session.paths()).map(async ({ region, log }) => ({
        region,
        letters: (await log.streamState(deadStream(region))).messages,
      })),
    );
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
};
