/** `tocsin run RUNBOOK`: starts a runbook by hand, with the same guards and search attributes as a run of a trigger. */
import { createEngine } from '../../triggers/path/engine.ts';
import { workflowId } from '../../triggers/path/workflow-id.ts';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import { durationMs } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { followRun } from '../follow-run.ts';
import { runLink, uiUrlOf } from '../run-link.ts';
import { runbookNames } from '../runbooks.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface RunCommand extends CommonOptions {
  readonly runbook: string;
  /** JSON. */
  readonly input: string;
  readonly region?: string;
  /** Makes a repetition of the command join the same run. */
  readonly id?: string;
  readonly wait: boolean;
  readonly timeout: string;
}

export const run = (options: RunCommand): Promise<number> =>
  withSession(options, async (session) => {
    const { runbook } = options;
    const names = runbookNames();
    if (!names.includes(runbook))
      throw new CommandError(
        EXIT.refused,
        `runbook ${JSON.stringify(runbook)} is unknown; expected one of ${names.join(', ')}`,
      );
    const temporal = await session.temporal();
    const key = `${runbook}/${options.id ?? new Date().toISOString()}`;
    const id = workflowId({ stream: '', trigger: 'by-hand', key, generation: 1, attempt: 1 });
    const input = parse(options.input);
    const result = await createEngine(temporal).start({
      workflowId: id,
      workflowType: runbook,
      input,
      context: byHand(options.region ?? session.config.regions[0] ?? '', input),
      executionTimeoutMs: durationMs(options.timeout),
      summary: `${runbook} by hand`,
    });
    const uiUrl = uiUrlOf(session.config);
    const link = uiUrl === null ? null : runLink(uiUrl, temporal.namespace, id, result.runId);
    if (!options.wait) {
      output(
        options,
        { workflowId: id, runId: result.runId, link },
        `${result.kind} ${id}${link === null ? '' : `\n${link}`}`,
      );
      return EXIT.ok;
    }
    const end = await followRun(
      temporal.client,
      { namespace: temporal.namespace, workflowId: id, runId: result.runId },
      {
        deadline: Date.now() + durationMs(options.timeout),
        onStep: ({ title, outcome }) => void process.stderr.write(`${outcome} ${title}\n`),
      },
    );
    output(options, { workflowId: id, runId: result.runId, link, ...end }, `${end.status}: ${end.detail}`);
    return end.status === 'completed' ? EXIT.ok : EXIT.failed;
  });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError(EXIT.refused, `--input ${JSON.stringify(text)} is not JSON`);
  }
}

const byHand = (region: string, input: unknown): RunContext => ({
  trigger: null,
  alertKey: null,
  generation: 1,
  attempt: 1,
  event: null,
  region,
  service: serviceOf(input),
  severity: null,
  onResolved: 'ignore',
  labels: {},
});

const serviceOf = (input: unknown): string | null => {
  const service = typeof input === 'object' && input !== null && 'service' in input ? input.service : null;
  return typeof service === 'string' ? service : null;
};
