/** How a step says which limits it comes under. */

/** Name of a limit of the configuration; with a scope of its own where the run does not have it. */
export type LimitUse = string | { readonly limit: string; readonly value: string };

/** @example run.act('reboot it', (on) => on.reboot(host), { limits: ['per-service', limit('per-rack', rack)] }) */
export const limit = (name: string, value: string): LimitUse => ({ limit: name, value });

/** What a limit may be counted by. */
export interface StepFacts {
  readonly service: string | null;
  /** Region whose workers act. */
  readonly region: string;
  /** What is treated: what counts as one of the sick. */
  readonly target: string;
}
