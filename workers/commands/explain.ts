/** `tocsin explain`: what arrived, what was decided and why, what ran; one screen. */
import {
  type ExplainedEvent,
  type ExplainedRun,
  type Explanation,
  explain as explainIn,
  isAnswer,
} from '../../triggers/path/explain.ts';
import { planLines } from '../../workflows/kit/approval-text.ts';
import { type Config, durationMs } from '../config.ts';
import { temporalTargetOf } from '../connect.ts';
import { sentence } from '../disposition-text.ts';
import { EXIT } from '../exit-code.ts';
import { runLink, uiUrlOf } from '../run-link.ts';
import { type CommonOptions, output, withSession } from './session.ts';
import { project } from '../project.ts';

export interface ExplainCommand extends CommonOptions {
  readonly query: string;
  readonly since: string;
  readonly region?: string;
}

export const explain = (options: ExplainCommand): Promise<number> =>
  withSession(options, async (session) => {
    const runs = await session.runs();
    const since = Date.now() - durationMs(options.since);
    const paths = await session.paths(options.region);
    const answers = await Promise.all(
      paths.map((path) => explainIn(options.query, { ...path, runs, triggers: project.triggers, since })),
    );
    const found = answers.filter(isAnswer);
    const nothing = `nothing about ${JSON.stringify(options.query)} in regions ${paths.map(({ region }) => region).join(', ')} within ${options.since}. Expected an event id, an alert key, a workflow id or label=value; look further back with --since.`;
    output(
      options,
      found,
      found.length === 0 ? nothing : found.map((answer) => textOf(answer, session.config)).join('\n\n'),
    );
    return found.length === 0 ? EXIT.failed : EXIT.ok;
  });

function textOf(answer: Explanation, config: Config): string {
  const { episode } = answer;
  return [
    `region ${answer.region}`,
    ...(episode === null
      ? []
      : [
          `episode ${episode.generation} of ${episode.alertKey} is ${episode.status}${by(', opened by', episode.openedBy)}${by(', last resolved by', episode.lastResolve?.by ?? null)}`,
        ]),
    ...(answer.omitted === 0 ? [] : [`${answer.omitted} older events are left out; name one of them by its id`]),
    ...answer.events.flatMap(eventLines),
    ...answer.runs.flatMap((run) => runLines(run, config)),
    ...answer.closed.map(
      ({ outcome, workflowId, closedAt }) =>
        `recorded: ${workflowId} ${outcome}${closedAt === null ? '' : ` at ${closedAt}`}`,
    ),
  ].join('\n');
}

const by = (what: string, position: { readonly sequence: number } | null): string =>
  position === null ? '' : `${what} #${position.sequence}`;

function eventLines({ record, sequence, storedAt, title, filtered, rulesChanged }: ExplainedEvent): string[] {
  const decided =
    record === null
      ? ['    waiting: stored, not decided yet']
      : record.dispositions.map((each) => `    ${sentence(each)}`);
  return [
    `#${sequence} ${storedAt} ${title}${record === null ? '' : `  (id ${record.event.id})`}`,
    ...(record?.asked === undefined ? [] : [`    its source was asked at ${record.asked.at}: ${record.asked.why}`]),
    ...(record?.episode ? [`    episode ${record.episode.generation}: ${record.episode.effect}`] : []),
    ...decided,
    ...filtered.map(
      ({ trigger, why }) =>
        `    ${trigger} did not want it: ${why}${rulesChanged ? ' (by the triggers of today)' : ''}`,
    ),
  ];
}

function runLines(run: ExplainedRun, config: Config): string[] {
  const uiUrl = uiUrlOf(config);
  const { namespace } = temporalTargetOf(config);
  return [
    `run ${run.workflowId} is ${run.status}${run.failure === null ? '' : `: ${run.failure}`}`,
    ...(run.plan === null ? [] : planLines(run.plan).map((line) => `    ${line}`)),
    ...(uiUrl === null ? [] : [`    ${runLink(uiUrl, namespace, run.workflowId, run.runId)}`]),
  ];
}
