/** `tocsin approve | deny RUN`: shows the plan a run asks about, signs the answer with the operator's key and sends it. */
import { APPROVE_UPDATE, DENY_UPDATE, type Decision } from '../../workflows/kit/approval-message.ts';
import { planLines } from '../../workflows/kit/approval-text.ts';
import { defaultKeyFile, loadKey } from '../approval-key.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { type OpenQuestion, openQuestion } from '../open-question.ts';
import { recordAct, recordBrake, regionOfAct } from '../record-act.ts';
import { confirmed, sendAnswer, sentenceOf } from '../send-answer.ts';
import { signAnswer } from '../sign-answer.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface AnswerCommand extends CommonOptions {
  readonly run: string;
  /** File, or `env:NAME`. */
  readonly key?: string;
  readonly why: string;
  /** First digits of the hash of the plan that was read before; another plan is refused. */
  readonly plan?: string;
  /** Do not ask the terminal. */
  readonly yes: boolean;
}

export const answer = (options: AnswerCommand, decision: Decision): Promise<number> =>
  withSession(options, async (session) => {
    if (decision === 'deny' && options.why === '')
      throw new CommandError(EXIT.refused, 'to deny needs a reason: --why');
    const key = loadKey(options.key ?? defaultKeyFile(), session.config.approvals.keys);
    const { client } = await session.temporal();
    const question = await openQuestion(client, options.run);
    const { workflowId, runId, execution, asked } = question;
    if (options.plan !== undefined && (options.plan === '' || !asked.planHash.startsWith(options.plan)))
      throw new CommandError(EXIT.failed, `run ${workflowId} asks about plan ${asked.planHash}, not ${options.plan}`);
    const text = questionLines(question).join('\n');
    if (!options.json) process.stdout.write(`${text}\n`);
    if (!options.yes && !options.json && !(await confirmed(`${decision} this plan?`))) return EXIT.failed;
    const { planHash, expiresAt } = asked;
    const signed = signAnswer(key, {
      decision,
      workflowId,
      runId,
      execution,
      planHash,
      expiresAt,
      reason: options.why,
    });
    const act = { what: decision, where: `run ${workflowId}, plan ${planHash}`, why: options.why };
    const regions = regionOfAct(session.config, question.region);
    // What ends a run is not held up by a log that is away; what lets it act is.
    if (decision === 'deny') await recordBrake(session.log, regions, act);
    else await recordAct(await session.log(...regions), regions, act);
    const update = decision === 'approve' ? APPROVE_UPDATE : DENY_UPDATE;
    const result = await sendAnswer(client, { workflowId, execution, update, signed });
    output(options, { workflowId, planHash, plan: asked.plan, ...result }, sentenceOf(result));
    return result.accepted ? EXIT.ok : EXIT.failed;
  });

const questionLines = ({ workflowId, asked }: OpenQuestion): string[] => [
  `${workflowId} asks until ${asked.until}, plan ${asked.planHash}`,
  ...planLines(asked.plan).map((line) => `  ${line}`),
];
