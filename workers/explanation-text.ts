/** What `explain` has found, as text on one screen. */
import { type ExplainedEvent, type ExplainedRun, type Explanation, told } from '../triggers/path/explain.ts';
import { shortPlanLines } from '../workflows/kit/approval-text.ts';
import { sentence } from './disposition-text.ts';
import { runLink } from './run-link.ts';

export interface ExplainedAt {
  /** Null: there are no links. */
  readonly uiUrl: string | null;
  readonly namespace: string;
}

/** A terminal has some more lines than this; the newest event is told whole, however long that is. */
const SCREEN_LINES = 40;
const MAX_RUNS = 5;
const MAX_PLAN_LINES = 8;

export function explanationText(answer: Explanation, at: ExplainedAt): string {
  const common = commonRefusals(answer.events);
  const first = [`region ${answer.region}`, ...episodeLine(answer)];
  const last = [...common.map((line) => `no event here was wanted by ${line}`), ...runsLines(answer, at)];
  const blocks = answer.events.map((event) => eventLines(event, common));
  const shown = newestWithin(blocks, SCREEN_LINES - first.length - last.length - 1);
  const omitted = answer.omitted + told(answer.events.slice(0, -shown.length));
  const left = omitted === 0 ? [] : [`${omitted} older events are left out; name one of them by its id`];
  return [...first, ...left, ...shown.flat(), ...last].join('\n');
}

function newestWithin(blocks: readonly string[][], room: number): string[][] {
  const shown: string[][] = [];
  let lines = 0;
  for (const block of blocks.toReversed()) {
    lines += block.length;
    if (shown.length > 0 && lines > room) break;
    shown.unshift(block);
  }
  return shown;
}

function episodeLine({ episode }: Explanation): string[] {
  if (episode === null) return [];
  const { generation, alertKey, status, openedBy, lastResolve } = episode;
  return [
    `episode ${generation} of ${alertKey} is ${status}${by(', opened by', openedBy)}${by(', last resolved by', lastResolve?.by ?? null)}`,
  ];
}

const by = (what: string, position: { readonly sequence: number } | null): string =>
  position === null ? '' : `${what} #${position.sequence}`;

const refusals = ({ filtered, rulesChanged }: ExplainedEvent): string[] =>
  filtered.map(({ trigger, why }) => `${trigger}: ${why}${rulesChanged ? ' (by the triggers of today)' : ''}`);

/** What every one of several events was refused for, said once. */
function commonRefusals(events: readonly ExplainedEvent[]): string[] {
  const [newest, ...others] = events.toReversed();
  if (newest === undefined || others.length === 0) return [];
  return refusals(newest).filter((line) => others.every((event) => refusals(event).includes(line)));
}

function eventLines(event: ExplainedEvent, common: readonly string[]): string[] {
  const { record, sequence, storedAt, title, alike } = event;
  const decided =
    record === null
      ? ['    waiting: stored, not decided yet']
      : record.dispositions.map((each) => `    ${sentence(each)}`);
  return [
    `#${sequence} ${storedAt} ${title}${record === null ? '' : `  (id ${record.event.id})`}`,
    ...(alike === 0 ? [] : [`    and ${alike} before it, of which the same became`]),
    ...(record?.asked === undefined ? [] : [`    its source was asked at ${record.asked.at}: ${record.asked.why}`]),
    ...(record?.episode ? [`    episode ${record.episode.generation}: ${record.episode.effect}`] : []),
    ...decided,
    ...refusals(event)
      .filter((line) => !common.includes(line))
      .map((line) => `    not wanted by ${line}`),
  ];
}

function runsLines({ runs, closed }: Explanation, at: ExplainedAt): string[] {
  const shown = runs.slice(-MAX_RUNS);
  return [
    ...(runs.length === shown.length ? [] : [`${runs.length - shown.length} older runs are left out`]),
    ...shown.flatMap((run) => runLines(run, at)),
    ...closed
      .slice(-MAX_RUNS)
      .map(
        ({ outcome, workflowId, closedAt }) =>
          `recorded: ${workflowId} ${outcome}${closedAt === null ? '' : ` at ${closedAt}`}`,
      ),
  ];
}

function runLines(run: ExplainedRun, { uiUrl, namespace }: ExplainedAt): string[] {
  const plan = run.plan === null ? [] : shortPlanLines(run.plan);
  const more = plan.length - MAX_PLAN_LINES;
  return [
    `run ${run.workflowId} is ${run.status}${run.failure === null ? '' : `: ${run.failure}`}`,
    ...plan.slice(0, MAX_PLAN_LINES).map((line) => `    ${line}`),
    ...(more > 0 ? [`    and ${more} lines more: tocsin runs show ${run.workflowId}`] : []),
    ...(uiUrl === null ? [] : [`    ${runLink(uiUrl, namespace, run.workflowId, run.runId)}`]),
  ];
}
