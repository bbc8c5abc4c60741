/** Each region: how many events wait, for how long the oldest has waited, whether anybody pulls, and how full its streams are. */
import { bookStream, deadStream, eventStream, ledgerStream } from '../../triggers/nats/subject.ts';
import { lagOf } from '../../triggers/path/lag.ts';
import type { RegionPath } from '../region-path.ts';
import { ago } from './ago.ts';
import { byRegion } from './by-region.ts';
import type { StatusSection } from './section.ts';

/** A stream that is fuller needs somebody: it refuses when it is full. */
export const FULL_FROM = 0.7;
/** Longer than any pause of a healthy trigger process. */
const OLD_MS = 60_000;

export const regions: StatusSection = {
  name: 'regions',
  look: (session) =>
    byRegion(session, lookAt, (found) => ({
      lines: found.flatMap(({ region, lanes, fullest }) => [
        ...lanes.map(
          ({ lane, waiting, ageMs, pulled }) =>
            `${region} ${lane}: ${waiting} waiting${ageMs === null ? '' : `, the oldest for ${ago(ageMs)}`}${pulled ? '' : ', NOBODY PULLS'}`,
        ),
        `${region} fullest stream: ${fullest.stream}, ${Math.round(fullest.share * 100)} %`,
      ]),
      facts: found,
      bad: found.some(
        ({ lanes, fullest }) =>
          fullest.share >= FULL_FROM || lanes.some(({ pulled, ageMs }) => !pulled || (ageMs ?? 0) > OLD_MS),
      ),
    })),
};

async function lookAt({ region, log }: RegionPath) {
  const now = Date.now();
  const lanes = (await lagOf(log, region)).map(({ oldestAt, ...lane }) => ({
    ...lane,
    ageMs: oldestAt === null ? null : Math.max(0, now - oldestAt),
  }));
  const shares = await Promise.all(
    [eventStream, ledgerStream, deadStream, bookStream].map(async (streamOf) => {
      const stream = streamOf(region);
      const { bytes, maxBytes } = await log.streamState(stream);
      return { stream, share: maxBytes > 0 ? bytes / maxBytes : 0 };
    }),
  );
  const [fullest = { stream: '', share: 0 }] = shares.toSorted((a, b) => b.share - a.share);
  return { region, lanes, fullest };
}
