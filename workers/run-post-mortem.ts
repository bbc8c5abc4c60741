/**
 * The post-mortem of any run, made of its history: also of one that failed, was terminated or still goes on. Pure. It has no notes of the
 * procedure itself, which only `run.report()` knows, and nothing of what is encrypted.
 */
import { type FailedTask, failedTask } from '../triggers/path/failed-task.ts';
import { type Fact, PostMortem } from '../workflows/kit/post-mortem.ts';
import { ALLOWED_SIGNAL, RESOLVED_SIGNAL, type RunContext, STOPPED_SIGNAL } from '../workflows/kit/run-context.ts';
import { type HistoryEvent, payloadValue } from './history-text.ts';
import type { Registered } from './registered-activities.ts';
import { type TimelineEntry, timelineOf } from './run-timeline.ts';

export interface PostMortemOptions {
  readonly workflowId: string;
  /** As `tocsin runs list` has it. */
  readonly status: string;
  readonly link: string | null;
  /** What only looks; every other activity counts as an effect. */
  readonly registered: Registered;
}

const UNDO = 'undo: ';
const SIGNALS: Readonly<Record<string, string>> = {
  [RESOLVED_SIGNAL]: 'the alert is resolved',
  [STOPPED_SIGNAL]: 'the red button was pressed',
  [ALLOWED_SIGNAL]: 'the red button was released',
};

/** Markdown. */
export function postMortemOf(events: readonly HistoryEvent[], options: PostMortemOptions): string {
  const { workflowId, status, link } = options;
  const started = events.find((event) => event.workflowExecutionStartedEventAttributes);
  const attributes = started?.workflowExecutionStartedEventAttributes;
  const { entries } = timelineOf(events);
  const story = new PostMortem(
    {
      workflowId,
      firstExecutionRunId: attributes?.firstExecutionRunId ?? '?',
      workflowType: attributes?.workflowType?.name ?? 'run',
    },
    contextOf(payloadValue(attributes?.memo?.fields?.['tocsin'])),
  );
  for (const entry of entries) tell(story, entry, options);
  const broken = failedTask(events.toReversed());
  if (broken !== null)
    story.add('Failed', `${broken.byCode ? 'the code of the runbook' : 'its workflow task fails'}: ${broken.why}`);
  const left = leftOf(entries, options);
  for (const title of left) story.add('Left as it is', title);
  for (const line of toDo(entries, { status, left, broken })) story.add('To do', line);
  const end = entries.findLast(({ kind }) => kind === 'end');
  const facts: readonly Fact[] = [
    ['started', attributes ? (timelineStart(started) ?? null) : null],
    ['ended', end?.at ?? null],
    ['status', `${status}${end === undefined || end.detail === '' ? '' : `: ${end.detail}`}`],
    ['link', link],
  ];
  return story.markdown(facts);
}

function tell(story: PostMortem, entry: TimelineEntry, { status, registered }: PostMortemOptions): void {
  const { kind, outcome, title, detail } = entry;
  const at = `${entry.at.slice(11, 19)}Z`;
  if (kind === 'update' && isAccepted(detail)) story.add('Answers', `${at} ${title}`);
  if (kind === 'signal' && SIGNALS[title] !== undefined) story.add('Notes', `${at} ${SIGNALS[title]}`);
  if (kind === 'cancel') story.add('Notes', `${at} ${title}${detail === '' ? '' : `: ${detail}`}`);
  if (kind === 'wait' && outcome === 'open' && status === 'running') story.add('Open', `${at} waits: ${title}`);
  if (kind !== 'step') return;
  if (outcome === 'failed' || outcome === 'canceled')
    story.add('Failed', `${at} ${title}: ${outcome === 'failed' ? detail : 'canceled'}`);
  else if (outcome === 'open')
    story.add(
      'Open',
      `${at} ${title}: ${status === 'running' ? 'goes on' : 'the run ended before it did; look at the target for what came of it'}`,
    );
  else if (title.startsWith(UNDO)) story.add('Undone', `${at} ${title.slice(UNDO.length)}`);
  else if (looks(entry, registered)) story.add('Seen', `${at} ${title} ${detail}`);
  else story.add('Done', `${at} ${title}`);
}

const looks = ({ activity }: TimelineEntry, registered: Registered): boolean =>
  activity !== null && registered?.get(activity) === 'look';

/** What was done and not undone, of a run that undid something or did not come to its end. */
function leftOf(entries: readonly TimelineEntry[], { status, registered }: PostMortemOptions): readonly string[] {
  const steps = entries.filter(({ kind, outcome }) => kind === 'step' && outcome === 'ok');
  const undone = new Set(steps.map(({ title }) => title).filter((title) => title.startsWith(UNDO)));
  if (status === 'running' || (status === 'completed' && undone.size === 0)) return [];
  // A run within it tells of its own effects.
  const done = steps.filter(
    (entry) => !entry.title.startsWith(UNDO) && entry.run === null && !looks(entry, registered),
  );
  return [...new Set(done.map(({ title }) => title))].filter((title) => !undone.has(`${UNDO}${title}`));
}

interface Ending {
  readonly status: string;
  readonly left: readonly string[];
  readonly broken: FailedTask | null;
}

const MEND_CODE = 'mend the code of the runbook: until then it fails again and again';
const MEND_REST =
  'mend why its workflow task fails, such as a worker without the key: until then it fails again and again';

/** For whoever takes over a run that did not come to its end. */
function toDo(entries: readonly TimelineEntry[], { status, left, broken }: Ending): readonly string[] {
  const steps = entries.filter(({ kind }) => kind === 'step');
  const notUndone = steps
    .filter(({ outcome, title }) => outcome === 'failed' && title.startsWith(UNDO))
    .map(({ title }) => title.slice(UNDO.length))
    .filter((title) => !left.includes(title))
    .map((title) => `the undo of "${title}" failed: look how its target is, and undo it by hand`);
  // A part of it may have failed, and not have been undone, without the whole.
  if (status === 'completed') return notUndone;
  const mend = broken === null ? [] : [broken.byCode ? MEND_CODE : MEND_REST];
  if (status === 'running') return mend;
  const failed = steps.findLast(({ outcome, title }) => outcome === 'failed' && !title.startsWith(UNDO));
  const lines = [
    ...mend,
    ...(failed === undefined ? [] : [`find out why "${failed.title}" failed, and how its target is now`]),
    ...steps
      .filter(({ outcome }) => outcome === 'open')
      .map(({ title }) => `look whether "${title}" was done: the run ended before it knew`),
    ...notUndone,
    ...steps.flatMap(({ title, run }) =>
      run === null ? [] : [`"${title}" was a run of its own: see what it left by tocsin runs show '${run}' --markdown`],
    ),
    ...left.map((title) => `"${title}" was done and is not undone: undo it by hand, or leave it`),
  ];
  // Nobody asked for this end, and nothing is left of it but the reason that it was started for.
  return lines.length > 0 || status === 'canceled'
    ? lines
    : ['look whether its alert stands: nothing more is done for it'];
}

function isAccepted(detail: string): boolean {
  try {
    const result: unknown = JSON.parse(detail);
    return typeof result === 'object' && result !== null && 'accepted' in result && result.accepted === true;
  } catch {
    return false;
  }
}

/** A memo may be that of a run somebody else started. */
const contextOf = (memo: unknown): RunContext | null =>
  typeof memo === 'object' && memo !== null && 'region' in memo ? (memo as RunContext) : null;

const timelineStart = (event: HistoryEvent | undefined): string | undefined =>
  event?.eventTime ? new Date(Number(event.eventTime.seconds ?? 0) * 1_000).toISOString() : undefined;
