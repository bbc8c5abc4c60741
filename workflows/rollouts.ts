/** The rollouts that runbooks declare, by name of the runbook: readable without running one, for `tocsin timetable`. */
import type { Rollout } from './kit/rollout-plan.ts';

const MINUTE = 60_000;

/** Label `patch: night` lets a target in; limits and targets come from here and the configuration, never from an event (R8). */
export const patchFleetRollout: Rollout = {
  runbook: 'patchWave',
  targets: { patch: 'night' },
  window: 'night-patch',
  needMs: 15 * MINUTE,
  canary: 1,
  waves: { by: 'region' },
  parallel: 3,
  soakMs: 30 * MINUTE,
  errorBudget: { rollout: '10%', wave: '20%' },
};

export const rollouts: Readonly<Record<string, Rollout>> = { patchFleet: patchFleetRollout };
