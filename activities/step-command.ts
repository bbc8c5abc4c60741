/** What a command of a step is given, here or on another host: key, fence, an end when the step is cancelled, a sign of life for Temporal. */
import { Context } from '@temporalio/activity';
import type { CommandHooks, CommandResult } from './command.ts';
import { fencingText } from './fencing-token.ts';
import { idempotencyKey } from './idempotency-key.ts';

export interface StepCommand {
  readonly key: string;
  readonly fence: string;
  readonly hooks: CommandHooks;
}

/** Call inside an activity only. */
export function stepCommand(): StepCommand {
  const context = Context.current();
  return {
    key: idempotencyKey(),
    fence: fencingText(),
    hooks: { signal: context.cancellationSignal, heartbeat: () => context.heartbeat() },
  };
}

/** True, or an error that Temporal retries. `what`: the command as people know it. */
export function succeeded(result: CommandResult, what: string): true {
  if (result.exitCode === 0 && !result.timedOut) return true;
  const how = result.timedOut ? 'timed out' : `exited with ${result.exitCode}, expected 0`;
  throw new Error(`${what} ${how}: ${(result.stderr || result.stdout).slice(-500)}`);
}
