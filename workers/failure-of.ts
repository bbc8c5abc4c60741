/** What an error of a command means: its exit code, and words for whoever typed it. Here alone it is decided whether waiting may help. */
import { ServiceError, isGrpcServiceError } from '@temporalio/client';
import { Conflict, LogDenied, LogFull, LogRefused, LogUnavailable, MessageRefused } from '../triggers/nats/errors.ts';
import { EngineUnavailable } from '../triggers/path/engine.ts';
import { CommandError, EXIT } from './exit-code.ts';
import { NoAnswer } from './in-time.ts';

export interface Failure {
  readonly exitCode: number;
  /** The message of an error that is expected; else the error as it is. */
  readonly message: unknown;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof CommandError) return { exitCode: error.exitCode, message: error.message };
  if (error instanceof LogDenied) return { exitCode: EXIT.refused, message: error.message };
  // Of a message that can never be taken no server is to be mended.
  if (error instanceof LogRefused && !(error instanceof MessageRefused))
    return {
      exitCode: EXIT.refused,
      message: `${error.message}. A stream or a right is missing: \`tocsin doctor\` says which, \`tocsin topology --apply\` makes streams.`,
    };
  return isAway(error)
    ? { exitCode: EXIT.unavailable, message: messageOf(error) }
    : { exitCode: EXIT.failed, message: error };
}

/** A server that takes no connection now, with what to do about it. */
export function notConnected(what: string, error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return error instanceof LogDenied
    ? new CommandError(
        EXIT.refused,
        `${what} does not let us in: ${why}. Correct section nats of the configuration, or NATS_CREDS, NATS_USER and the other variables that win over it.`,
        error,
      )
    : new CommandError(
        EXIT.unavailable,
        `${what} does not answer: ${why}. Is it up? (\`npm start\` brings one along.)`,
        error,
      );
}

/** A server that went away in the middle: the same command may succeed later. */
const isAway = (error: unknown): error is Error =>
  error instanceof LogUnavailable ||
  error instanceof LogFull ||
  error instanceof Conflict ||
  error instanceof EngineUnavailable ||
  error instanceof NoAnswer ||
  error instanceof ServiceError ||
  isGrpcServiceError(error);

/** The client of Temporal says what failed, and leaves why to the cause. */
const messageOf = (error: Error): string =>
  error instanceof ServiceError && error.cause instanceof Error
    ? `${error.message}: ${error.cause.message}`
    : error.message;
