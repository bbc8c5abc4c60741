/**
 * A trigger says: on this event type, when this holds, run that runbook with this input. Typed end to end: a wrong runbook
 * name, a wrong input or a field the event does not have is a compile error.
 */
import type * as runbooks from '../workflows/index.ts';
import type { OnResolved } from '../workflows/kit/run-context.ts';
import type { WindowUse } from '../workflows/kit/window-use.ts';
import type { Mode } from './mode.ts';
import type { EventOf } from './events/cloud-event.ts';
import type { EventType } from './events/event-type.ts';
import type { StringValue } from 'ms';

type Runbooks = Record<string, (input: never) => Promise<unknown>>;
type InputOf<R extends Runbooks, Name extends keyof R> = Parameters<R[Name]>[0];

/** Exact values a part of the data must have. */
export type Match<Data> = Data extends object ? { readonly [Key in keyof Data]?: Match<Data[Key]> } : Data;

/** What follows a failed run: a human hears of it, or the next firing of the episode tries again, `max` times in all. */
export type OnFailure =
  { readonly kind: 'escalate' } | { readonly kind: 'again'; readonly after: StringValue; readonly max: number };

export interface During {
  /** The same window in several regions at once, too. */
  readonly window: WindowUse;
  /** Default: where the run acts. */
  readonly region?: string;
  /** `hold` (default): until it opens, and then the last word about each alert. `ignore`: recorded, and nothing else. */
  readonly otherwise?: 'hold' | 'ignore';
}

/** What becomes of an event that comes too late. */
export type WhenLate = 'verify' | 'drop' | 'run';

export interface TriggerDefinition<Data, R extends Runbooks, Name extends keyof R & string> {
  /** Stable: it is part of workflow ids. Lower case, digits and dashes. */
  readonly id: string;
  readonly on: EventType<Data>;
  readonly match?: Match<Data>;
  /** Throwing makes the event `dead` for this trigger alone. */
  readonly when?: (event: EventOf<Data>) => boolean;
  readonly run: Name;
  /** Until an operator says otherwise (`tocsin trigger mode`). Default `auto`. */
  readonly mode?: Mode;
  readonly input: (event: EventOf<Data>) => InputOf<R, Name>;
  /**
   * Narrows what its runs may act upon: labels (or `kind`, `service`, ...) that a target of the inventory must have, each with its value or
   * one of several. Checked by the worker that acts, whatever the event says. Default: every target.
   */
  readonly targets?: Readonly<Record<string, string | readonly string[]>>;
  readonly service?: (event: EventOf<Data>) => string;
  /** Region whose workers act; default: the region read from the alert when it is one of ours, else where the event was stored. */
  readonly region?: (event: EventOf<Data>) => string;
  /** Default `cancel`. */
  readonly onResolved?: OnResolved;
  /** Default `{ kind: 'escalate' }`. */
  readonly onFailure?: OnFailure;
  /**
   * An event that happened longer ago is too old to act on: see `whenLate`. An alert told again counts by when it was told. Default 2 hours;
   * keep it below Temporal's retention.
   */
  readonly maxEventAge?: StringValue;
  /** A firing that waited in its stream for longer counts only if it is the last word about its alert. Default 15 minutes; other events: no bound. */
  readonly maxQueueAge?: StringValue;
  /**
   * `verify`: a firing that waited too long runs if nothing newer is stored about its alert; what is too old is `held(stale)` for a human.
   * `drop`: both are `ignored(stale)`. `run`: age does not count. Default `verify` for alerts, `drop` for other events.
   */
  readonly whenLate?: WhenLate;
  /** Starts runs only while this window of the configuration is open where the run acts; default: at any hour. */
  readonly during?: string | During;
  /** Bound on the whole run. Default 1 hour. */
  readonly executionTimeout?: StringValue;
}

/** A trigger with its types erased: what the path works with. */
export type Trigger = TriggerDefinition<any, Runbooks, string>;

/** Bind to your own list of runbooks: `triggersFor<typeof import('./workflows/index.ts')>()`. */
export const triggersFor =
  <R>() =>
  <Data, Name extends keyof R & string>(definition: TriggerDefinition<Data, R & Runbooks, Name>): Trigger =>
    definition as unknown as Trigger;

export const defineTrigger = triggersFor<typeof runbooks>();
