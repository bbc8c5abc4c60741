/** `tocsin answer RUN CHOICE`: shows what a run asks, signs the answer with the operator's key and sends it. */
import { ANSWER_UPDATE } from '../../workflows/kit/approval-message.ts';
import { defaultKeyFile, loadKey } from '../approval-key.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { openHumanQuestion } from '../open-question.ts';
import { recordAct, regionOfAct } from '../record-act.ts';
import { confirmed, sendAnswer, sentenceOf } from '../send-answer.ts';
import { signAnswer } from '../sign-answer.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface AnswerCommand extends CommonOptions {
  readonly run: string;
  readonly choice: string;
  /** File, or `env:NAME`. */
  readonly key?: string;
  readonly why: string;
  /** Do not ask the terminal. */
  readonly yes: boolean;
}

export const answer = (options: AnswerCommand): Promise<number> =>
  withSession(options, async (session) => {
    if (options.why.trim() === '') throw new CommandError(EXIT.refused, 'an answer needs a reason: --why');
    const key = loadKey(options.key ?? defaultKeyFile(), session.config.approvals.keys);
    const { client } = await session.temporal();
    const { workflowId, runId, execution, region, asked } = await openHumanQuestion(client, options.run);
    const { human, planHash, expiresAt, until } = asked;
    if (!human.choices.includes(options.choice))
      throw new CommandError(
        EXIT.refused,
        `${JSON.stringify(options.choice)} is no answer to "${human.text}"; expected one of ${human.choices.map((choice) => JSON.stringify(choice)).join(', ')}`,
      );
    if (!options.json) process.stdout.write(`${workflowId} asks until ${until}:\n  ${human.text}\n`);
    if (!options.yes && !options.json && !(await confirmed(`answer "${options.choice}"?`))) return EXIT.failed;
    const named = { decision: options.choice, workflowId, runId, execution, planHash, expiresAt, reason: options.why };
    const signed = signAnswer(key, named);
    const what = `answer ${JSON.stringify(options.choice)}`;
    const act = { what, where: `run ${workflowId}, question ${planHash}`, why: options.why };
    await recordAct(await session.log(), regionOfAct(session.config, region), act);
    const result = await sendAnswer(client, { workflowId, execution, update: ANSWER_UPDATE, signed });
    output(options, { workflowId, question: human.text, choice: options.choice, ...result }, sentenceOf(result));
    return result.accepted ? EXIT.ok : EXIT.failed;
  });
