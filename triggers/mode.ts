/** `observe`: decide and record what would run and its plan, start nothing that can act. `approve`: start, act once approved. `auto`: start. */
export type Mode = 'observe' | 'approve' | 'auto';
export const MODES: readonly Mode[] = ['observe', 'approve', 'auto'];
