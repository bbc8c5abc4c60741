/**
 * What operators decide about triggers while everything runs: the mode of each, and whether it is paused. One small record per region,
 * beside the episode book, changed by compare-and-set; it keeps its last changes, so that nobody has to guess who did what.
 */
import type { Trigger } from '../define-trigger.ts';
import { Conflict } from '../nats/errors.ts';
import type { EventLog } from '../nats/port.ts';
import { bookBucket, bookStream } from '../nats/subject.ts';
import { decodeJson, encodeJson } from './json-bytes.ts';

/** `observe`: decide and record what would run, start nothing. `auto`: start. */
export type Mode = 'observe' | 'auto';
export const MODES: readonly Mode[] = ['observe', 'auto'];

/** What becomes of events meanwhile: listed when the trigger is resumed, or not. Neither starts anything afterwards by itself. */
export type Pause = 'hold' | 'ignore';

export interface TriggerControl {
  readonly mode: Mode;
  readonly paused: Pause | null;
  /** When it was last changed, ms since 1970; null while it is as its trigger defines it. */
  readonly changedAt: number | null;
}

export interface Change {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly by: string;
  readonly trigger: string;
  readonly what: string;
  readonly why: string;
}

export interface Control {
  readonly triggers: Readonly<Record<string, TriggerControl>>;
  /** Newest last. */
  readonly changes: readonly Change[];
}

export const NO_CONTROL: Control = { triggers: {}, changes: [] };
const MAX_CHANGES = 100;
const MAX_CONFLICTS = 8;

export const controlOf = (control: Control, trigger: Trigger): TriggerControl =>
  control.triggers[trigger.id] ?? { mode: trigger.mode ?? 'auto', paused: null, changedAt: null };

export interface ControlStore {
  read(): Promise<Control>;
  /** Rejects with Conflict when others change it faster than this one can. */
  change(trigger: Trigger, next: Partial<Pick<TriggerControl, 'mode' | 'paused'>>, change: Change): Promise<Control>;
}

export function createControlStore(log: Pick<EventLog, 'last' | 'publish'>, region: string): ControlStore {
  const stream = bookStream(region);
  // Two tokens after the bucket: an alert key is always one, so the two never meet.
  const subject = `$KV.${bookBucket(region)}.control.triggers`;
  const stored = async (): Promise<{ readonly control: Control; readonly revision: number }> => {
    const message = await log.last(stream, subject);
    return message === null
      ? { control: NO_CONTROL, revision: 0 }
      : { control: decodeJson<Control>(message.data), revision: message.sequence };
  };
  return {
    read: async () => (await stored()).control,
    change: async (trigger, next, change) => {
      for (let conflicts = 0; ; conflicts += 1) {
        const { control, revision } = await stored();
        const changed: Control = {
          triggers: {
            ...control.triggers,
            [trigger.id]: { ...controlOf(control, trigger), ...next, changedAt: Date.parse(change.at) },
          },
          changes: [...control.changes, change].slice(-MAX_CHANGES),
        };
        try {
          await log.publish(subject, encodeJson(changed), { expectStream: stream, expectLastSequence: revision });
          return changed;
        } catch (error) {
          if (!(error instanceof Conflict) || conflicts >= MAX_CONFLICTS) throw error;
        }
      }
    },
  };
}
