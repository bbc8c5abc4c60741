/** How a step, or a trigger, says which window it keeps to. */

/**
 * Name of a window of the configuration: open where the step acts. Or the same window in several regions at once: open while it is open in
 * `all` of them, in `any` of them, or `each` for itself, where the step acts in one of them.
 */
export type WindowUse =
  | string
  | {
      readonly window: string;
      readonly over: WindowCombination;
      readonly regions: readonly string[];
    };

export type WindowCombination = 'all' | 'any' | 'each';
