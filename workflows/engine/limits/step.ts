/** What one input changes, and what has to be done then. */
import type { LimitRequest, RefusalReason } from './rule.ts';
import type { Lease, LimitState } from './state.ts';

export type LimitOutput =
  | { readonly kind: 'grant'; readonly lease: Lease }
  | {
      readonly kind: 'refuse';
      readonly request: LimitRequest;
      readonly reason: RefusalReason;
      readonly text: string;
    }
  /** Find out what became of the holder, and come back with `inspected`. */
  | { readonly kind: 'inspect'; readonly lease: Lease }
  | { readonly kind: 'page'; readonly about: 'breaker' | 'sick'; readonly title: string; readonly text: string };

export interface Step {
  readonly state: LimitState;
  readonly outputs: readonly LimitOutput[];
}
