/** What a command's exit code says. Stable: scripts and health checks rely on it. */
export const EXIT = {
  ok: 0,
  /** What was asked for was done, and the answer is bad: a failed run, an offender found, a service still sick. */
  failed: 1,
  /** Configuration or usage has to change first; repeating cannot help. */
  refused: 2,
  /** A server is away; the same command may succeed later. */
  unavailable: 3,
} as const;

/** An error whose message is for the operator as it stands, without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}
