/** `tocsin sources`: the configured senders, and what each has sent lately. */
import {
  type Activity,
  NO_ACTIVITY,
  createSenderActivity,
  ratePerMinute,
} from '../../triggers/intake/sender-activity.ts';
import { exitCodeOf, missingFacts, missingLines, someOf } from './region-answers.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface SourcesCommand extends CommonOptions {
  readonly region?: string;
}

interface Row extends Omit<Activity, 'minutes'> {
  readonly name: string;
  readonly kind: string;
  readonly auth: string;
  /** Where its events are stored; null while it has sent nothing. */
  readonly region: string | null;
  readonly perMinute: number;
}

/** One row per sender, and per region where it sends to several. A region that fails decides the exit code, 3 when it is away; what was stored in the others is told. */
export const listSources = (options: SourcesCommand): Promise<number> =>
  withSession(options, async (session) => {
    const now = Date.now();
    const rows: Row[] = [];
    const { senders } = session.config.intake;
    const { found, missing } = someOf(
      await session.inEach([options.region], async ({ region, log }) => {
        const kept = createSenderActivity(log, region);
        return Promise.all(senders.map(async ({ name }) => ({ name, region, activity: await kept.read(name) })));
      }),
    );
    for (const { name, kind, auth } of senders) {
      const active = found.flat().filter((each) => each.name === name && each.activity !== NO_ACTIVITY);
      for (const { region, activity } of active.length > 0 ? active : [{ region: null, activity: NO_ACTIVITY }]) {
        const { minutes: _minutes, ...counts } = activity;
        rows.push({ name, kind, auth: auth.kind, region, ...counts, perMinute: ratePerMinute(activity, now) });
      }
    }
    output(
      options,
      [...rows, ...missingFacts(missing)],
      [...rows.map((row) => lineOf(row, now)), ...missingLines(missing)].join('\n'),
    );
    return exitCodeOf({ missing });
  });

function lineOf(row: Row, now: number): string {
  const {
    name,
    kind,
    auth,
    region,
    perMinute,
    accepted,
    rejected,
    unauthenticated,
    comeAgain,
    lastEventAt,
    lastProblem,
  } = row;
  const what = `/in/${name}  ${kind}, auth ${auth}`;
  if (region === null) return `${what}: nothing yet`;
  const last = lastEventAt === null ? 'no event yet' : `last event ${ago(lastEventAt, now)} ago`;
  const problem = lastProblem === null ? '' : `; last problem ${ago(lastProblem.at, now)} ago: ${lastProblem.reason}`;
  return `${what}, ${region}: ${last}, ${perMinute.toFixed(1)}/min; ${accepted} stored, ${rejected} rejected, ${unauthenticated} not authenticated, ${comeAgain} asked to come again${problem}`;
}

function ago(at: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(at)) / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
