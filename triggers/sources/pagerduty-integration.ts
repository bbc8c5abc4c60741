/** What both Events APIs of PagerDuty share: whose alerts they are, and the three things that can be said of one. */
import type { AlertStatus } from '../events/alert.ts';
import { textOf } from './read.ts';
import { sha256Of } from '../events/sha256-of.ts';

const ACTIONS: Readonly<Record<string, AlertStatus>> = {
  trigger: 'firing',
  acknowledge: 'acknowledged',
  resolve: 'resolved',
};

export const statusOf = (action: string): AlertStatus =>
  Object.hasOwn(ACTIONS, action) ? (ACTIONS[action] ?? 'unknown') : 'unknown';

/** One integration key is one service at PagerDuty, and keys of alerts are told apart within it. The key is a secret: its hash goes on. */
export function ownerOf(integrationKey: unknown): string {
  const key = textOf(integrationKey);
  return key === null ? 'events' : `events-${sha256Of(key).slice(0, 12)}`;
}
