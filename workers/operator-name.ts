/** Who gives a command, for the record: the user of this process. */
import { userInfo } from 'node:os';

/** A container's user often has no name. */
export function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
