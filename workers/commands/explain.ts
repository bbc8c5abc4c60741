/** `tocsin explain`: what arrived, what was decided and why, what ran; one screen. */
import { explain as explainIn, isAnswer } from '../../triggers/path/explain.ts';
import { durationMs } from '../config.ts';
import { temporalTargetOf } from '../connect.ts';
import { EXIT } from '../exit-code.ts';
import { explanationText } from '../explanation-text.ts';
import { uiUrlOf } from '../run-link.ts';
import { exitCodeOf, missingFacts, missingLines, someOf } from './region-answers.ts';
import { type CommonOptions, output, withSession } from './session.ts';
import { project } from '../project.ts';

export interface ExplainCommand extends CommonOptions {
  readonly query: string;
  readonly since: string;
  readonly region?: string;
}

/** A region that fails decides the exit code, 3 when it is away; what the others know is told all the same. */
export const explain = (options: ExplainCommand): Promise<number> =>
  withSession(options, async (session) => {
    const runs = await session.runs();
    const since = Date.now() - durationMs(options.since);
    const { found: answers, missing } = someOf(
      await session.readEach([options.region], (path) =>
        explainIn(options.query, { ...path, runs, triggers: project.triggers, since }),
      ),
    );
    const found = answers.filter(isAnswer);
    const place = { uiUrl: uiUrlOf(session.config), namespace: temporalTargetOf(session.config).namespace };
    const nothing = `nothing about ${JSON.stringify(options.query)} in regions ${answers.map(({ region }) => region).join(', ')} within ${options.since}. Expected an event id, an alert key, a workflow id or label=value; look further back with --since.`;
    const texts = found.length === 0 ? [nothing] : found.map((answer) => explanationText(answer, place));
    const unknown = missingLines(missing);
    output(
      options,
      [...found, ...missingFacts(missing)],
      [...texts, ...(unknown.length === 0 ? [] : [unknown.join('\n')])].join('\n\n'),
    );
    return missing.length === 0 && found.length === 0 ? EXIT.failed : exitCodeOf({ missing });
  });
