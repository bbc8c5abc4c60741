/** `tocsin limits [show NAME SCOPE]`: who holds what, who waits, and what is stopped. Asks the workflows of the limits; changes nothing. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { limitId } from '../../activities/limits/limit-id.ts';
import { LIMIT_ID_PREFIX, LIMIT_WORKFLOW, type LimitView, STATE_QUERY } from '../../workflows/engine/limit-protocol.ts';
import type { Config } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import type { TemporalClient } from '../temporal-connection.ts';
import { type CommonOptions, output, withSession } from './session.ts';

/** Scopes that are shown at most; `truncated` says that there are more. */
const MAX_SHOWN = 200;
const QUERY_TIMEOUT_MS = 5_000;

/** `unused`: there is nothing to remember. `silent`: no runbook worker answers for it. */
type NoView = 'unused' | 'silent';

interface ScopeInUse {
  readonly workflowId: string;
  readonly view: LimitView | NoView;
}

export const listLimits = (options: CommonOptions): Promise<number> =>
  withSession(options, async ({ config, temporal }) => {
    const connection = await temporal();
    const { ids, truncated } = await scopesInUse(connection);
    const scopes: ScopeInUse[] = [];
    for (const workflowId of ids) scopes.push({ workflowId, view: await askLimit(connection, workflowId) });
    const unused = config.limits.filter(({ name }) => !ids.some((id) => id.startsWith(`${LIMIT_ID_PREFIX}${name}/`)));
    const answer = {
      limits: scopes.map(({ workflowId, view }) => ({
        workflowId,
        ...(typeof view === 'string' ? null : summaryOf(view)),
      })),
      unused: unused.map(({ name, scope, slots }) => ({ name, scope, slots })),
      truncated,
    };
    const lines = [
      ...scopes.map(({ workflowId, view }) =>
        typeof view === 'string' ? `${workflowId}  no runbook worker answers` : lineOf(view),
      ),
      ...unused.map(({ name, scope, slots }) => `${name} per ${scope}  ${slots} slots, not in use`),
      ...(truncated ? [`and more than these ${MAX_SHOWN}`] : []),
    ];
    output(options, answer, lines.length === 0 ? 'no limit is configured' : lines.join('\n'));
    return scopes.some(({ view }) => view === 'silent') ? EXIT.unavailable : EXIT.ok;
  });

export interface ShowLimit extends CommonOptions {
  readonly name: string;
  /** `checkout` of `service=checkout`, or all of it; anything for the whole fleet. */
  readonly scope: string;
}

/** Exit code 1 while it is stopped. */
export const showLimit = (options: ShowLimit): Promise<number> =>
  withSession(options, async ({ config, temporal }) => {
    const workflowId = limitId(options.name, valueOf(config, options));
    const view = await askLimit(await temporal(), workflowId);
    if (view === 'silent') throw new CommandError(EXIT.unavailable, `no runbook worker answers for ${workflowId}`);
    if (view === 'unused') {
      output(options, { workflowId, inUse: false }, `${workflowId}: nobody holds it, nobody waits`);
      return EXIT.ok;
    }
    output(options, { workflowId, inUse: true, ...summaryOf(view), rule: view.rule }, textOf(view));
    return summaryOf(view).stopped === null ? EXIT.ok : EXIT.failed;
  });

function valueOf({ limits }: Config, { name, scope }: ShowLimit): string {
  const found = limits.find((each) => each.name === name);
  if (found === undefined) {
    const known = limits.map((each) => each.name).join(', ') || 'none';
    throw new CommandError(EXIT.refused, `limit ${JSON.stringify(name)} is not configured; there are: ${known}`);
  }
  if (found.scope === 'fleet') return 'all';
  return scope.slice(scope.startsWith(`${found.scope.replace(/^label:/, '')}=`) ? scope.indexOf('=') + 1 : 0);
}

/** Of the limits: each scope that has something to remember, by its workflow id. */
export async function scopesInUse({ client }: TemporalClient): Promise<{ ids: string[]; truncated: boolean }> {
  const ids: string[] = [];
  const query = `WorkflowType = '${LIMIT_WORKFLOW}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query, pageSize: MAX_SHOWN })) {
    if (ids.length === MAX_SHOWN) return { ids: ids.toSorted(), truncated: true };
    ids.push(workflowId);
  }
  return { ids: ids.toSorted(), truncated: false };
}

export async function askLimit({ client }: TemporalClient, workflowId: string): Promise<LimitView | NoView> {
  try {
    return await client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
      client.workflow.getHandle(workflowId).query<LimitView>(STATE_QUERY),
    );
  } catch (error) {
    return error instanceof WorkflowNotFoundError ? 'unused' : 'silent';
  }
}

const time = (ms: number): string => new Date(ms).toISOString();

export function summaryOf({ rule, state }: LimitView) {
  const stopped = state.sick
    ? 'too many targets are sick'
    : state.stoppedUntil > state.now
      ? 'too many steps failed'
      : null;
  return {
    limit: rule.name,
    scope: rule.scope,
    slots: rule.slots,
    holders: state.leases.map(({ workflowId, runId, step, since, until, phase, fence }) => ({
      workflowId,
      runId,
      step,
      since: time(since),
      until: time(until),
      phase,
      fence,
    })),
    waiting: state.queue.map(({ workflowId, step, since }) => ({ workflowId, step, since: time(since) })),
    failures: state.failures.length,
    stopped,
    stoppedUntil: stopped !== null && !state.sick ? time(state.stoppedUntil) : null,
    coolUntil: state.coolUntil > state.now ? time(state.coolUntil) : null,
  };
}

function lineOf(view: LimitView): string {
  const { limit, scope, slots, holders, waiting, failures, stopped, stoppedUntil, coolUntil } = summaryOf(view);
  const facts = [
    `${holders.length}/${slots} held`,
    ...holders.slice(0, 3).map(({ workflowId, since }) => `by ${workflowId} since ${since}`),
    `${waiting.length} waiting`,
    ...(failures === 0 ? [] : [`${failures} failures`]),
    ...(coolUntil === null ? [] : [`cools down until ${coolUntil}`]),
    ...(stopped === null ? [] : [`STOPPED: ${stopped}${stoppedUntil === null ? '' : `, until ${stoppedUntil}`}`]),
  ];
  return `${limit} ${scope}  ${facts.join(', ')}`;
}

function textOf(view: LimitView): string {
  const { holders, waiting } = summaryOf(view);
  return [
    lineOf(view),
    ...holders.map(
      ({ workflowId, step, since, until, phase, fence }) =>
        `  holds   ${workflowId}: ${step}, since ${since}, ${phase === 'held' ? 'lease' : 'free'} until ${until}, token ${fence}`,
    ),
    ...waiting.map(({ workflowId, step, since }) => `  waits   ${workflowId}: ${step}, since ${since}`),
  ].join('\n');
}
