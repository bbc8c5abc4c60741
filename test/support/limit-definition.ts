import type { LimitDefinition } from '../../activities/limits/definition.ts';

/** A limit of one slot for each target, whose full queue waits; `changes`: what a test wants otherwise. */
export const limitDefinition = (name: string, changes: Partial<LimitDefinition> = {}): LimitDefinition => ({
  name,
  scope: 'target',
  slots: 1,
  min: 0,
  of: {},
  failures: null,
  coolDownMs: 0,
  whenFull: 'queue',
  queueMax: 10,
  waitMs: 240_000,
  stopWhenSick: null,
  ...changes,
});
