/** For the `catch` of whatever listens: says what is in the way, and what the operator can do about it. */
import { CommandError, EXIT } from './exit-code.ts';

/** `setting`: what names another port. */
export const cannotListen =
  (part: string, { host, port }: { readonly host: string; readonly port: number }, setting: string) =>
  (error: unknown): never => {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      EXIT.refused,
      `${part} cannot listen on ${host}:${port}: ${why}. Stop what listens there, or choose another port with ${setting}.`,
      error,
    );
  };
