/** `tocsin runs list | show | cancel`: which runs there are, what one of them did step by step, and the way to end one that undoes what it did. */
import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/client';
import { durationMs } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { followRun } from '../follow-run.ts';
import { type ListedRun, listRuns } from '../listed-run.ts';
import { recordBrake, regionOfAct } from '../record-act.ts';
import { userName } from '../user-name.ts';
import { runLink, uiUrlOf } from '../run-link.ts';
import { type ShownRun, describeRun, showRun } from '../run-report.ts';
import { runsQuery } from '../runs-query.ts';
import { type CommonOptions, type Session, output, withSession } from './session.ts';

export interface ListRunsCommand extends CommonOptions {
  readonly status?: string;
  readonly phase?: string;
  readonly trigger?: string;
  readonly service?: string;
  readonly region?: string;
  /** How far back. */
  readonly since: string;
  readonly limit: string;
}

const MAX_LISTED = 10_000;

export const list = (options: ListRunsCommand): Promise<number> =>
  withSession(options, async (session) => {
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LISTED)
      throw new CommandError(EXIT.refused, `--limit ${options.limit}: expected 1 to ${MAX_LISTED}`);
    const query = runsQuery({ ...options, since: Date.now() - sinceMs(options.since) });
    const { client } = await session.temporal();
    const found: (ListedRun & { readonly link: string | null })[] = [];
    for await (const run of listRuns(client, query, limit))
      found.push({ ...run, link: await linkTo(session, run.workflowId, run.runId) });
    const lines = found.map(
      ({ startedAt, status, phase, region, workflowId }) =>
        `${startedAt.slice(0, 19)}Z  ${status.padEnd(10)} ${(phase ?? '-').padEnd(10)} ${(region ?? '-').padEnd(6)} ${workflowId}`,
    );
    if (found.length === limit) lines.push(`(the newest ${limit}; more with --limit)`);
    output(options, found, lines.join('\n') || `no such run within ${options.since}`);
    return EXIT.ok;
  });

function sinceMs(text: string): number {
  const value = durationMs(text) as number | undefined;
  if (value !== undefined && value > 0) return value;
  throw new CommandError(
    EXIT.refused,
    `--since ${JSON.stringify(text)} is no duration; expected one like 90m, 24h or 7d`,
  );
}

export interface ShowRunCommand extends CommonOptions {
  /** The post-mortem instead of checklist and timeline. */
  readonly markdown: boolean;
}

export const show = (options: ShowRunCommand, workflowId: string): Promise<number> =>
  withSession(options, async (session) => {
    const temporal = await session.temporal();
    const run = await showRun({ ...temporal, uiUrl: uiUrlOf(session.config) }, workflowId).catch(notFound(workflowId));
    output(options, run, options.markdown ? run.postMortem : textOf(run));
    return EXIT.ok;
  });

const notFound =
  (workflowId: string) =>
  (error: unknown): never => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new CommandError(
      EXIT.failed,
      `run ${JSON.stringify(workflowId)} is not there; expected a workflow id as \`tocsin runs list\` prints it, of a run that Temporal still keeps`,
      error,
    );
  };

const SIGNS = { open: '…', ok: '✔', failed: '✖', canceled: '⊘', note: '·' } as const;

function textOf(run: ShownRun): string {
  const { workflowId, status, phase, failure, input, checklist, timeline, link, asks } = run;
  return [
    `${workflowId}`,
    `${status}${phase === null ? '' : `, phase ${phase}`}${failure === null ? '' : `: ${failure}`}`,
    `${run.runbook} ${JSON.stringify(input ?? null)}`,
    `started ${run.startedAt}${run.closedAt === null ? '' : `, ended ${run.closedAt}`}${run.trigger === null ? '' : ` by ${run.trigger}`}`,
    ...(link === null ? [] : [link]),
    ...(asks === null
      ? []
      : [`asks until ${asks.until}: ${asks.human.text} (tocsin answer: ${asks.human.choices.join(' | ')})`]),
    '',
    checklist ?? '(no worker answered, so the checklist is not known; the timeline is)',
    '',
    ...timeline.map(
      ({ at, title, outcome, detail, attempt, tookMs }) =>
        `${at.slice(11, 23)}  ${SIGNS[outcome]} ${title}${tookMs === null ? '' : `  ${tookMs} ms`}${attempt > 1 ? `, attempt ${attempt}` : ''}${detail === '' ? '' : `  ${detail}`}`,
    ),
  ].join('\n');
}

export interface CancelCommand extends CommonOptions {
  readonly why: string;
  readonly wait: boolean;
}

const CALL_TIMEOUT_MS = 10_000;
const MAX_WHY = 500;
/** A run that undoes for longer is still at it; asking again is for the operator. */
const WAIT_MS = 600_000;

/** Asks the run to end: it undoes what it did first. Asking twice changes nothing. */
export const cancel = (options: CancelCommand, workflowId: string): Promise<number> =>
  withSession(options, async (session) => {
    const { client, namespace } = await session.temporal();
    const run = await describeRun(client, workflowId).catch(notFound(workflowId));
    if (run.status !== 'running')
      throw new CommandError(
        EXIT.failed,
        `run ${workflowId} is ${run.status} since ${run.closedAt ?? '?'}; nothing to cancel`,
      );
    await recordBrake(session.log, regionOfAct(session.config, run.region), {
      what: 'cancel',
      where: `run ${workflowId}`,
      why: options.why,
    });
    const reason = `${userName()}: ${options.why.slice(0, MAX_WHY)}`;
    await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
      client.workflowService.requestCancelWorkflowExecution({
        namespace,
        workflowExecution: { workflowId, runId: run.runId },
        requestId: randomUUID(),
        identity: userName(),
        reason,
      }),
    );
    const answer = { canceled: workflowId, runId: run.runId, reason };
    if (!options.wait) {
      output(options, answer, `${workflowId} is asked to end; it undoes what it did first`);
      return EXIT.ok;
    }
    const where = { namespace, workflowId, runId: run.runId };
    const end = await followRun(client, where, { deadline: Date.now() + WAIT_MS, onStep: () => undefined });
    output(options, { ...answer, ...end }, `${end.status}: ${end.detail}`);
    return end.status === 'canceled' ? EXIT.ok : EXIT.failed;
  });

async function linkTo(session: Session, workflowId: string, runId: string): Promise<string | null> {
  const uiUrl = uiUrlOf(session.config);
  return uiUrl === null ? null : runLink(uiUrl, (await session.temporal()).namespace, workflowId, runId);
}
