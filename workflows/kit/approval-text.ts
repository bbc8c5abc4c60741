/** A question as people read it: in the run's details, and in a notice. Titles and inputs may hold foreign data and stay on one line each. */
import type { RunNotice } from '../../activities/tell.ts';
import type { HumanQuestion, Question } from './approval-message.ts';
import { canonical } from './canonical.ts';
import type { LimitUse } from './limit-use.ts';
import type { Plan, PlannedAction, PlannedCall } from './plan.ts';
import { windowName } from './window-message.ts';
import type { PlannedWindow } from './window-options.ts';

const MAX_LINE = 200;
const MAX_ACTIONS = 20;
/** Where a plan is cut: what is shown is less than what an approval signs. */
const CUT = '`tocsin approve` shows the whole plan before it signs';

export interface AskedText {
  readonly plan: Plan;
  readonly question: Question;
  readonly workflowId: string;
  readonly approvedBy: readonly string[];
}

/** Markdown. */
export function questionText({ plan, question, workflowId, approvedBy }: AskedText): string {
  return [
    `**waits for approval** until ${question.until} · ${approvedBy.length} of ${question.quorum}${by(approvedBy)} · plan \`${question.planHash.slice(0, 12)}\``,
    '',
    ...shortPlanLines(plan),
    '',
    `    tocsin approve '${workflowId}'`,
    `    tocsin deny '${workflowId}' --why '...'`,
  ].join('\n');
}

/** What people are told in this round of the question; in the last one that nobody answered. */
export function questionNotice(plan: Plan, question: Question, round: number): RunNotice {
  const people = question.tell[round]?.people ?? [];
  const what = `${plan.runbook} for ${plan.context.service ?? plan.context.alertKey ?? plan.context.region}`;
  const about = `approval ${question.expiresAt} ${round}`;
  const text = shortPlanLines(plan).join('\n');
  if (people.length === 0)
    return { about, severity: 'critical', title: `${what} was not approved in time, and did nothing further`, text };
  return {
    about,
    severity: round === 0 ? 'warning' : 'critical',
    title: `${what} waits for approval${round === 0 ? '' : `, asked ${round + 1} times`}`,
    text: `asked: ${people.join(', ')}\nuntil: ${question.until}\n${text}`,
  };
}

/** Markdown. */
export function humanQuestionText({ text, choices }: HumanQuestion, { until }: Question, workflowId: string): string {
  return [
    `**asks** until ${until}: ${line(text)}`,
    '',
    ...choices.map((choice) => `    ${answerCommand(workflowId, choice)}`),
  ].join('\n');
}

/** What people are told in this round of the question; in the last one that nobody answered. */
export function humanQuestionNotice(
  { runbook, about, text, choices }: HumanQuestion,
  { expiresAt, tell, until }: Question,
  round: number,
  workflowId: string,
): RunNotice {
  const people = tell[round]?.people ?? [];
  const what = `${runbook} for ${about}`;
  const name = `question ${expiresAt} ${round}`;
  if (people.length === 0)
    return { about: name, severity: 'critical', title: `${what} asked, and nobody answered in time`, text };
  return {
    about: name,
    severity: round === 0 ? 'warning' : 'critical',
    title: `${what} asks${round === 0 ? '' : `, for the ${round + 1}. time`}: ${line(text)}`,
    text: [
      `asked: ${people.join(', ')}`,
      `until: ${until}`,
      text,
      ...choices.map((choice) => answerCommand(workflowId, choice)),
    ].join('\n'),
  };
}

const answerCommand = (workflowId: string, choice: string): string =>
  `tocsin answer '${workflowId}' ${quoted(choice)} --why '...'`;
/** As a POSIX shell reads it. */
const quoted = (text: string): string => `'${line(text).replaceAll("'", "'\\''")}'`;

/** Numbered, in order: everything that the plan's hash names. */
export function planLines({ done, observed, actions, partial }: Plan): string[] {
  return [
    ...done.map((title) => `- done before: ${title}`),
    ...observed.map(({ title, result }) => `- seen: ${title} ${canonical(result)}`),
    ...actions.map((action, index) => `${index + 1}. ${actionText(action)}`),
    ...(partial === null ? [] : [`the plan ends here: ${partial}`]),
  ].map(onOneLine);
}

/** The same, bounded; it says so where it is cut. */
export function shortPlanLines(plan: Plan): string[] {
  const { actions } = plan;
  const more = actions.length - MAX_ACTIONS;
  const rest = more > 0 ? [`and ${more} more`] : [];
  const lines = planLines({ ...plan, actions: actions.slice(0, MAX_ACTIONS), partial: null });
  const end = plan.partial === null ? [] : planLines({ ...plan, done: [], observed: [], actions: [] });
  const short = [...lines, ...rest, ...end].map(line);
  return more > 0 || short.some((each) => each.endsWith(ELLIPSIS)) ? [...short, CUT] : short;
}

const actionText = ({ title, region, calls, undo, window, limits }: PlannedAction): string =>
  `${title} (${region}${within(window)}${under(limits)}): ${calls.map(call).join(', ')}${undoOf(undo)}`;
const call = ({ activity, input }: PlannedCall): string => `${activity} ${canonical(input)}`;
const undoOf = (undo: readonly PlannedCall[]): string =>
  undo.length === 0 ? '' : `, undo: ${undo.map(call).join(', ')}`;
const within = (window: PlannedWindow | undefined): string =>
  window === undefined ? '' : `, in window ${windowName(window.use)}`;
const under = (limits: readonly LimitUse[]): string =>
  limits.length === 0 ? '' : `, under ${limits.length === 1 ? 'limit' : 'limits'} ${limits.map(limitName).join(', ')}`;
const limitName = (use: LimitUse): string => (typeof use === 'string' ? use : `${use.limit} of ${use.value}`);
const by = (people: readonly string[]): string => (people.length === 0 ? '' : ` (${people.join(', ')})`);
const ELLIPSIS = ' …';
const onOneLine = (text: string): string => text.replaceAll(/[\r\n`]+/g, ' ');

function line(text: string): string {
  const whole = onOneLine(text);
  return whole.length <= MAX_LINE ? whole : `${whole.slice(0, MAX_LINE - ELLIPSIS.length)}${ELLIPSIS}`;
}
