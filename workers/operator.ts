/** Who types a command: the name that stands beside what it changes. */
import { hostname, userInfo } from 'node:os';
import type { Act } from '../triggers/path/operator-log.ts';

/** `user@host`; a container's user often has no name. */
export function operatorName(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}

/** What is done now, by whoever types the command. */
export const actNow = (what: string, on: string, why = ''): Act => ({
  at: new Date().toISOString(),
  by: operatorName(),
  what,
  on,
  why,
});
