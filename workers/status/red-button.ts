/** What the red button stops: in each region, and by the stop file of this host; and lifted stops whose backlog nobody has decided about. */
import type { Backlog } from '../../triggers/path/control.ts';
import { type Stop, describeStop } from '../../triggers/path/stop.ts';
import { missingFacts, missingLines } from '../commands/region-answers.ts';
import { readStopFile, stopFilePath } from '../red-button/stop-file.ts';
import { ago } from './ago.ts';
import type { StatusSection } from './section.ts';

export const redButton: StatusSection = {
  name: 'red-button',
  look: async (session) => {
    const file = stopFilePath(session.config);
    const [own, { found, missing }] = await Promise.all([
      readStopFile(file),
      session.inEach([], async ({ region, control }) => {
        const { stops, backlogs } = await control.read();
        return { region, stops, backlogs };
      }),
    ]);
    const now = Date.now();
    const lines = [
      ...own.map((stop) => `this host: ${lineOf(stop, now)}`),
      ...found.flatMap(({ region, stops, backlogs }) => [
        ...stops.map((stop) => `${region}: ${lineOf(stop, now)}`),
        ...backlogs.map((backlog) => `${region}: ${undecided(backlog)}`),
      ]),
      // This host may be stopped where no region answers.
      ...missingLines(missing),
    ];
    return {
      lines: lines.length === 0 ? ['not pressed'] : lines,
      facts: { host: { file, stops: own }, regions: [...found, ...missingFacts(missing)] },
      bad: lines.length > 0,
    };
  },
};

function lineOf(stop: Stop, now: number): string {
  const lengthMs = now - Date.parse(stop.at);
  // A file that cannot be read has no age.
  return `${describeStop(stop)}${Number.isNaN(lengthMs) ? '' : ` (${ago(lengthMs)} ago)`}`;
}

const undecided = ({ scope, pressedAt: [since = ''] }: Backlog): string =>
  `${scope === 'all' ? 'everything' : scope} is resumed, and what was held since ${since} is undecided: ` +
  `see tocsin resume${scope === 'all' ? '' : ` --scope ${scope}`}`;
