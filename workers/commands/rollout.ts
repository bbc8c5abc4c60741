/** `tocsin rollout show | pause | resume | skip | reorder`: how a rollout goes, and the ways to steer it. Kept in the operator log before it is sent. */
import { WorkflowNotFoundError, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import {
  ROLLOUT_QUERY,
  ROLLOUT_UPDATE,
  type RolloutOrder,
  type RolloutStatus,
  type Steering,
} from '../../workflows/kit/rollout-message.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { type ActRequest, recordAct, recordBrake, regionOfAct } from '../record-act.ts';
import { describeRun } from '../run-report.ts';
import { userName } from '../user-name.ts';
import { type CommonOptions, type Session, output, withSession } from './session.ts';

export interface SteerCommand extends CommonOptions {
  readonly run: string;
  readonly why: string;
}

/** A worker that is up answers within moments. */
const CALL_TIMEOUT_MS = 15_000;
const MAX_WHY = 200;

export const showRollout = (options: CommonOptions & { readonly run: string }): Promise<number> =>
  withSession(options, async (session) => {
    const { client } = await session.temporal();
    const status = await asked(client, options.run, () =>
      client.workflow.getHandle(options.run).query<RolloutStatus>(ROLLOUT_QUERY),
    );
    output(options, status, textOf(status));
    return EXIT.ok;
  });

export const steerRollout = (options: SteerCommand, steering: Steering): Promise<number> =>
  withSession(options, async (session) => {
    const { run: workflowId, why } = options;
    if (why.trim() === '' || why.length > MAX_WHY)
      throw new CommandError(EXIT.refused, `--why has ${why.length} characters; expected a reason of 1 to ${MAX_WHY}`);
    const { client } = await session.temporal();
    const { status: state, region, runId } = await asked(client, workflowId, () => describeRun(client, workflowId));
    if (state !== 'running') throw new CommandError(EXIT.failed, `run ${workflowId} is ${state}; nothing to steer`);
    await record(
      session,
      region,
      { what: `rollout ${steering.kind}`, where: whereOf(workflowId, steering), why },
      steering,
    );
    const order: RolloutOrder = { ...steering, by: userName(), why };
    const status = await asked(client, workflowId, () =>
      client.workflow
        .getHandle(workflowId, runId)
        .executeUpdate<RolloutStatus, [RolloutOrder]>(ROLLOUT_UPDATE, { args: [order] }),
    );
    output(options, status, textOf(status));
    return EXIT.ok;
  });

/** A pause is a brake: a log that cannot be written does not stand in its way. */
async function record(session: Session, region: string | null, act: ActRequest, { kind }: Steering): Promise<void> {
  const regions = regionOfAct(session.config, region);
  if (kind === 'pause') await recordBrake(session.log, regions, act);
  else await recordAct(await session.log(...regions), regions, act);
}

function whereOf(workflowId: string, steering: Steering): string {
  if (steering.kind === 'skip') return `wave ${steering.wave} of run ${workflowId}`;
  if (steering.kind === 'reorder') return `waves ${steering.waves.join(', ')} of run ${workflowId}`;
  return `run ${workflowId}`;
}

async function asked<T>(client: Client, workflowId: string, call: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, call);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    if (error instanceof WorkflowNotFoundError)
      throw new CommandError(
        EXIT.failed,
        `run ${JSON.stringify(workflowId)} is not there, or has ended meanwhile`,
        error,
      );
    if (error instanceof WorkflowUpdateFailedError)
      throw new CommandError(
        EXIT.failed,
        `refused: ${error.cause?.message ?? error.message}; nothing was changed`,
        error,
      );
    if (error instanceof Error && error.name === 'QueryNotRegisteredError')
      throw new CommandError(EXIT.failed, `run ${workflowId} is no rollout`, error);
    throw new CommandError(
      EXIT.unavailable,
      `run ${workflowId} did not answer within ${CALL_TIMEOUT_MS / 1_000} s; is a runbook worker up? Look before you try again.`,
      error,
    );
  }
}

const SIGNS = { waiting: '…', running: '▶', done: '✔', skipped: '⊘', failed: '✖' } as const;

function textOf({ paused, waves }: RolloutStatus): string {
  return [
    paused === null ? 'not paused' : `paused by ${paused.by}: ${paused.why}`,
    ...waves.map(
      ({ name, targets, state, done, failed }) =>
        `${SIGNS[state]} ${name.padEnd(20)} ${state.padEnd(8)} ${done} of ${targets} done${failed === 0 ? '' : `, ${failed} failed`}`,
    ),
    ...(waves.length === 0 ? ['no wave is planned yet'] : []),
  ].join('\n');
}
