/** Who types a command, as records name them. */
import { userInfo } from 'node:os';

/** A container's user often has no name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
