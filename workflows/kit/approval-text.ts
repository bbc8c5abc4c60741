/** A question as people read it: in the run's details, and in a notice. Titles and inputs may hold foreign data and stay on one line each. */
import type { RunNotice } from '../../activities/tell.ts';
import type { HumanQuestion, Question } from './approval-message.ts';
import { canonical } from './canonical.ts';
import type { Plan, PlannedCall } from './plan.ts';

const MAX_LINE = 200;
const MAX_ACTIONS = 20;

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
    ...planLines(plan),
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
  const text = planLines(plan).join('\n');
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

/** Numbered, in order, bounded. */
export function planLines({ done, observed, actions, partial }: Plan): string[] {
  return [
    ...done.map((title) => line(`- done before: ${title}`)),
    ...observed.map(({ title, result }) => line(`- seen: ${title} ${canonical(result)}`)),
    ...actions
      .slice(0, MAX_ACTIONS)
      .map(({ title, region, calls, undo }, index) =>
        line(`${index + 1}. ${title} (${region}): ${calls.map(call).join(', ')}${undoOf(undo)}`),
      ),
    ...(actions.length > MAX_ACTIONS ? [`and ${actions.length - MAX_ACTIONS} more`] : []),
    ...(partial === null ? [] : [line(`the plan ends here: ${partial}`)]),
  ];
}

const call = ({ activity, input }: PlannedCall): string => `${activity} ${canonical(input)}`;
const undoOf = (undo: readonly PlannedCall[]): string =>
  undo.length === 0 ? '' : `, undo: ${undo.map(call).join(', ')}`;
const by = (people: readonly string[]): string => (people.length === 0 ? '' : ` (${people.join(', ')})`);
const line = (text: string): string => text.replaceAll(/[\r\n`]+/g, ' ').slice(0, MAX_LINE);
