/** A limit as an operator reads it in the Temporal UI. */
import { isoTime } from '../../kit/workflow-time.ts';
import type { LimitRule } from './rule.ts';
import type { LimitState } from './state.ts';

/** Lines of each list at most. */
const MAX_LINES = 30;

export function limitDetails(rule: LimitRule, state: LimitState): string {
  const stopped = state.sick
    ? '**stopped**: too many targets are sick'
    : state.stoppedUntil > state.now
      ? `**stopped** until ${isoTime(state.stoppedUntil)}: too many steps failed`
      : '';
  const facts = [
    `**${rule.name}** ${rule.scope}`,
    `${state.leases.length} of ${rule.slots} slots taken`,
    `${state.queue.length} waiting`,
    ...(rule.failures === null ? [] : [`${state.failures.length} of ${rule.failures.max} failures`]),
    ...(state.coolUntil > state.now ? [`cools down until ${isoTime(state.coolUntil)}`] : []),
    ...(stopped === '' ? [] : [stopped]),
  ];
  const holders = state.leases.map(
    ({ workflowId, step, since, until, phase }) =>
      `- ${workflowId}: ${step}, since ${isoTime(since)}, ${phase === 'held' ? 'at most' : 'its run is gone; free at'} ${isoTime(until)}`,
  );
  const waiting = state.queue.map(({ workflowId, step, since }) => `- ${workflowId}: ${step}, since ${isoTime(since)}`);
  return [facts.join(' · '), ...section('Holders', holders), ...section('Waiting', waiting)].join('\n');
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0
    ? []
    : [
        '',
        `### ${title}`,
        ...lines.slice(0, MAX_LINES),
        ...(lines.length > MAX_LINES ? [`- and ${lines.length - MAX_LINES} more`] : []),
      ];
