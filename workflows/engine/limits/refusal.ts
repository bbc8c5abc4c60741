/** Why a step does not get its slot, in words for whoever reads the failed run. */
import type { LimitOutput } from './step.ts';
import type { LimitRequest, LimitRule, RefusalReason } from './rule.ts';
import { type LimitState, hasRoom } from './state.ts';

export function refusal(
  rule: LimitRule,
  state: LimitState,
  request: LimitRequest,
  reason: RefusalReason,
): Extract<LimitOutput, { kind: 'refuse' }> {
  const text = `limit ${rule.name} (${rule.scope}): ${why(rule, state, reason)}`;
  return { kind: 'refuse', request, reason, text };
}

export function why(rule: LimitRule, state: LimitState, reason: RefusalReason): string {
  const holders = state.leases.map(({ workflowId }) => workflowId).join(', ') || 'nobody';
  switch (reason) {
    case 'full':
      return hasRoom(rule, state)
        ? `it cools down for another ${secondsUntil(state, state.coolUntil)}, and does not queue`
        : `${state.leases.length} of ${rule.slots} slots are taken, and it does not queue; held by ${holders}`;
    case 'queue-full':
      return `${state.queue.length} steps wait already, at most ${rule.queueMax}; held by ${holders}`;
    case 'waited':
      return `no slot within ${Math.round(rule.waitMs / 1_000)} s; held by ${holders}`;
    case 'breaker':
      return `too many steps failed; none begins for another ${secondsUntil(state, state.stoppedUntil)}`;
    case 'sick':
      return `more than ${rule.sick?.max ?? 0} of ${rule.sick?.of ?? 0} targets are sick at once; a human has to look first`;
  }
}

const secondsUntil = ({ now }: LimitState, time: number): string => `${Math.max(0, Math.ceil((time - now) / 1_000))} s`;
