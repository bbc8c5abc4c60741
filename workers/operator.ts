/** Who types a command: the name that stands beside what it changes. */
import { hostname } from 'node:os';
import type { Act } from '../triggers/path/operator-log.ts';
import { userName } from './user-name.ts';

export const operatorName = (): string => `${userName()}@${hostname()}`;

/** What is done now, by whoever types the command. */
export const actNow = (what: string, on: string, why = ''): Act => ({
  at: new Date().toISOString(),
  by: operatorName(),
  what,
  on,
  why,
});
