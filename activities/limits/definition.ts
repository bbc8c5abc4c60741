/** A limit as the configuration says it, before it is known which scope it is for. Figures are checked there; times are in milliseconds. */
import type { Selector } from '../inventory/selector.ts';

export interface LimitDefinition {
  readonly name: string;
  readonly scope: LimitScope;
  /** A count, or a share of the targets of the scope. */
  readonly slots: number | Percent;
  /** With a share: at least so many, unless there is no target at all. Without it a share that comes to less than one allows nothing. */
  readonly min: number;
  /** Of the targets in the scope only those that match count. */
  readonly of: Selector;
  readonly failures: { readonly max: number; readonly perMs: number } | null;
  readonly coolDownMs: number;
  readonly whenFull: 'queue' | 'refuse';
  readonly queueMax: number;
  readonly waitMs: number;
  readonly stopWhenSick: { readonly share: Percent; readonly withinMs: number } | null;
}

export type LimitScope = 'target' | 'service' | 'region' | 'fleet' | `label:${string}`;
/** `10%` */
export type Percent = `${number}%`;

/** How many targets of the inventory match; throws `InventoryUnusable` (may be retried) while that is not known. */
export type CountTargets = (selector: Selector) => number;
