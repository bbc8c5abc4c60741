/** `tocsin window override`: opens a window by hand for one run that waits for it. Signed, kept in the operator log before it is sent. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { OVERRIDE_SIGNAL } from '../../workflows/kit/window-message.ts';
import { defaultKeyFile, loadKey } from '../approval-key.ts';
import { durationMs } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { recordAct } from '../record-act.ts';
import { signOverride } from '../windows/sign-override.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface OverrideCommand extends CommonOptions {
  readonly run: string;
  readonly name: string;
  readonly why: string;
  /** How long. */
  readonly for: string;
  /** File, or `env:NAME`. */
  readonly key?: string;
}

const MAX_OPEN_MS = 86_400_000;
const CALL_TIMEOUT_MS = 10_000;

export const overrideWindow = (options: OverrideCommand): Promise<number> =>
  withSession(options, async (session) => {
    const { config } = session;
    const { run: workflowId, name: window, why } = options;
    if (!Object.hasOwn(config.windows, window))
      throw new CommandError(
        EXIT.refused,
        `window ${JSON.stringify(window)} is not configured; expected one of ${Object.keys(config.windows).join(', ') || '(none is there)'}`,
      );
    if (why.trim() === '') throw new CommandError(EXIT.refused, '--why is empty; expected the reason');
    const openMs = durationOf(options.for);
    const key = loadKey(options.key ?? defaultKeyFile(), config.approvals.keys);
    const { client } = await session.temporal();
    const handle = client.workflow.getHandle(workflowId);
    const description = await client
      .withDeadline(Date.now() + CALL_TIMEOUT_MS, () => handle.describe())
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        throw new CommandError(EXIT.refused, `run ${JSON.stringify(workflowId)} is unknown`, error);
      });
    const { status, runId, typedSearchAttributes } = description;
    const phase = typedSearchAttributes.getAll().find(({ key: { name } }) => name === 'TocsinPhase')?.value;
    if (status.name !== 'RUNNING' || phase !== 'waiting')
      throw new CommandError(
        EXIT.failed,
        `run ${workflowId} waits for no window (${status.name.toLowerCase()}, phase ${String(phase ?? 'none')}); nothing was opened`,
      );
    const until = Date.now() + openMs;
    const signed = signOverride(key, { workflowId, runId, window, until, why });
    const where = `${window} for ${workflowId} until ${new Date(until).toISOString()}`;
    await recordAct(await session.log(), config.regions, { what: 'window override', where, why });
    await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => handle.signal(OVERRIDE_SIGNAL, window, signed));
    output(
      options,
      { workflowId, window, until: new Date(until).toISOString(), person: key.entry.person },
      `window ${where}, opened by ${key.entry.person}; \`tocsin runs show '${workflowId}'\` shows what the run makes of it`,
    );
    return EXIT.ok;
  });

function durationOf(text: string): number {
  const ms = durationMs(text) as number | undefined;
  if (ms !== undefined && ms > 0 && ms <= MAX_OPEN_MS) return ms;
  throw new CommandError(
    EXIT.refused,
    `--for ${JSON.stringify(text)} is no such duration; expected one up to 24h, as 90m`,
  );
}
