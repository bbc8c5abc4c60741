/** What an error of a command means: its exit code, and words for whoever typed it. */
import { ServiceError, isGrpcServiceError } from '@temporalio/client';
import { Conflict, LogFull, LogUnavailable } from '../../triggers/nats/errors.ts';
import { EngineUnavailable } from '../../triggers/path/engine.ts';
import { CommandError, EXIT } from '../exit-code.ts';

export interface Failure {
  readonly exitCode: number;
  /** The message of an error that is expected; else the error as it is. */
  readonly message: unknown;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof CommandError) return { exitCode: error.exitCode, message: error.message };
  return isAway(error)
    ? { exitCode: EXIT.unavailable, message: messageOf(error) }
    : { exitCode: EXIT.failed, message: error };
}

/** A server that went away in the middle: the same command may succeed later. */
const isAway = (error: unknown): error is Error =>
  error instanceof LogUnavailable ||
  error instanceof LogFull ||
  error instanceof Conflict ||
  error instanceof EngineUnavailable ||
  error instanceof ServiceError ||
  isGrpcServiceError(error);

/** The client of Temporal says what failed, and leaves why to the cause. */
const messageOf = (error: Error): string =>
  error instanceof ServiceError && error.cause instanceof Error
    ? `${error.message}: ${error.cause.message}`
    : error.message;
