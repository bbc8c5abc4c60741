/** `tocsin run RUNBOOK`: starts a runbook by hand, with the same guards and search attributes as a run of a trigger. */
import { createEngine } from '../../triggers/path/engine.ts';
import { workflowId } from '../../triggers/path/workflow-id.ts';
import { planLines } from '../../workflows/kit/approval-text.ts';
import type { PlannedReport } from '../../workflows/kit/plan.ts';
import { APPROVAL_ALLOWANCE_MS, PLAN_PREFIX, type RunContext, type RunMode } from '../../workflows/kit/run-context.ts';
import { chosenRegions, durationMs } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { followRun } from '../follow-run.ts';
import { recordAct } from '../record-act.ts';
import { runLink, uiUrlOf } from '../run-link.ts';
import { regionRules } from '../regions.ts';
import { runbookNames } from '../front-door.ts';
import { userName } from '../user-name.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface RunCommand extends CommonOptions {
  readonly runbook: string;
  /** JSON. */
  readonly input: string;
  readonly region?: string;
  /** Makes a repetition of the command join the same run. */
  readonly id?: string;
  readonly wait: boolean;
  /** Print what it would do, and do nothing. */
  readonly plan: boolean;
  /** Wait for the approval of others before the first effect. */
  readonly approve: boolean;
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
    const [region = ''] = chosenRegions(session.config, [options.region]);
    const temporal = await session.temporal();
    const key = `${runbook}/${options.id ?? new Date().toISOString()}`;
    const mode = modeOf(options);
    const prefix = mode === 'plan' ? PLAN_PREFIX : '';
    const id = `${prefix}${workflowId({ stream: '', trigger: 'by-hand', key, generation: 1, attempt: 1 })}`;
    const timeoutMs = durationMs(options.timeout) + (mode === 'approve' ? APPROVAL_ALLOWANCE_MS : 0);
    const input = parse(options.input);
    if (mode !== 'plan')
      await recordAct(await session.log(region), [region], { what: `run (${mode})`, where: id, why: options.input });
    const result = await createEngine({ ...temporal, regions: regionRules(session.config) }).start({
      workflowId: id,
      workflowType: runbook,
      input,
      context: { ...byHand(region, input), mode },
      executionTimeoutMs: timeoutMs,
      summary: `${runbook} by hand${mode === 'plan' ? ', plan only' : ''}`,
    });
    const uiUrl = uiUrlOf(session.config);
    const link = uiUrl === null ? null : runLink(uiUrl, temporal.namespace, id, result.runId);
    if (!options.wait && mode !== 'plan') {
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
        deadline: Date.now() + timeoutMs,
        onStep: ({ title, outcome }) => void process.stderr.write(`${outcome} ${title}\n`),
      },
    );
    if (mode === 'plan' && end.status === 'completed') {
      const report = (await temporal.client.workflow.getHandle(id, result.runId).result()) as PlannedReport;
      output(options, { workflowId: id, runId: result.runId, link, ...report }, planText(report));
      return EXIT.ok;
    }
    output(options, { workflowId: id, runId: result.runId, link, ...end }, `${end.status}: ${end.detail}`);
    return end.status === 'completed' ? EXIT.ok : EXIT.failed;
  });

function modeOf({ plan, approve }: RunCommand): RunMode {
  if (plan && approve) throw new CommandError(EXIT.refused, '--plan does nothing that could be approved: choose one');
  if (plan) return 'plan';
  return approve ? 'approve' : 'auto';
}

const planText = ({ plan, hash }: PlannedReport): string =>
  [`plan ${hash}`, ...(plan.actions.length === 0 ? ['it would do nothing'] : []), ...planLines(plan)].join('\n');

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
  startedBy: userName(),
  labels: {},
});

const serviceOf = (input: unknown): string | null => {
  const service = typeof input === 'object' && input !== null && 'service' in input ? input.service : null;
  return typeof service === 'string' ? service : null;
};
