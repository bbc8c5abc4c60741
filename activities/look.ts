/**
 * Marks an activity that changes nothing. `run.check` and `run.verify` may call only these, so that a plan can run them for real; every
 * other activity counts as an effect, which the red button stops and a plan only names.
 */
import { processWide } from './process-wide.ts';

declare const LOOKS: unique symbol;
const marked = processWide('looks', () => new WeakSet<object>());

export type Look<Activity> = Activity & { readonly [LOOKS]: true };

/** @example observeDisk: look(async (request: DiskRequest) => df(request)) */
export function look<Input, Result>(activity: (input: Input) => Promise<Result>): Look<typeof activity> {
  marked.add(activity);
  return activity as Look<typeof activity>;
}

export const isLook = (activity: object): boolean => marked.has(activity);

/** The activities of `Acts` that change nothing. */
export type Looks<Acts> = {
  readonly [Name in keyof Acts as Acts[Name] extends Look<unknown> ? Name : never]: Acts[Name];
};
