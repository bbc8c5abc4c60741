/**
 * What operators decide while everything runs: the mode of each trigger, whether it is paused, and the red button. One small record per
 * region, beside the episode book, changed by compare-and-set; it keeps its last changes, so that nobody has to guess who did what.
 */
import type { Trigger } from '../define-trigger.ts';
import { Conflict } from '../nats/errors.ts';
import type { EventLog } from '../nats/port.ts';
import type { Mode } from '../mode.ts';
import { bookBucket, bookStream } from '../nats/subject.ts';
import { decodeJson, encodeJson } from './json-bytes.ts';
import { createLostControl } from './lost-control.ts';
import type { Scope, Stop } from './stop.ts';

/** What becomes of events meanwhile: listed when the trigger is resumed, or not. Neither starts anything afterwards by itself. */
export type Pause = 'hold' | 'ignore';

export interface TriggerControl {
  readonly mode: Mode;
  readonly paused: Pause | null;
  /** When the last pause began, ms since 1970; kept when it is over, so that what was held can be listed again. Null: never. */
  readonly pausedAt: number | null;
}

export interface Change {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly by: string;
  /** Null: the red button. */
  readonly trigger: string | null;
  readonly what: string;
  readonly why: string;
}

/** A stop that was lifted, while nobody has decided yet about the events it held. */
export interface Backlog {
  readonly scope: Scope;
  /** When it was pressed (RFC 3339, UTC), oldest first; more than once if it was pressed again before anybody decided. */
  readonly pressedAt: readonly string[];
}

export interface Control {
  readonly triggers: Readonly<Record<string, TriggerControl>>;
  /** The red button: what is stopped. */
  readonly stops: readonly Stop[];
  readonly backlogs: readonly Backlog[];
  /** Newest last. */
  readonly changes: readonly Change[];
}

export const NO_CONTROL: Control = { triggers: {}, stops: [], backlogs: [], changes: [] };
const MAX_CHANGES = 100;
export const MAX_STOPS = 50;
const MAX_WHY = 500;
const MAX_CONFLICTS = 8;
/** The stream keeps a record for 90 days. */
const REFRESH_MS = 30 * 86_400_000;

interface Stored {
  readonly control: Control;
  readonly revision: number;
  /** Absent while there is no record. */
  readonly storedAt?: number;
}

export const controlOf = (control: Control, trigger: Trigger): TriggerControl =>
  control.triggers[trigger.id] ?? { mode: trigger.mode ?? 'auto', paused: null, pausedAt: null };

export interface ControlStore {
  read(): Promise<Control>;
  /** Before the first line about it in the operator log: a line without a record means that the record is gone. */
  begin(change: Omit<Change, 'what'>): Promise<Control>;
  /** Rejects with Conflict when others change it faster than this one can. */
  change(trigger: Trigger, next: Partial<Pick<TriggerControl, 'mode' | 'paused'>>, change: Change): Promise<Control>;
  /** The same for the red button: null leaves the record as it is. */
  update(next: (control: Control) => Control | null, change: Change): Promise<Control>;
}

/** Something else stands where the record should: no stop is lifted by it, and no pause. Needs a human. */
export class ControlUnreadable extends Error {
  override readonly name = 'ControlUnreadable';
}

/** Null when it is none: each record of ours holds at least the change that wrote it. */
function readControl(data: Uint8Array): Control | null {
  try {
    const control = { ...NO_CONTROL, ...decodeJson<Partial<Control>>(data) };
    const lists = [control.changes, control.stops, control.backlogs];
    return lists.every(Array.isArray) && control.changes.length > 0 ? control : null;
  } catch {
    return null;
  }
}

function withoutRecord(lost: Stop | null): Control {
  if (lost === null) return NO_CONTROL;
  const { at, by, why } = lost;
  return { ...NO_CONTROL, stops: [lost], changes: [{ at, by, why, trigger: null, what: 'the record is gone' }] };
}

export function createControlStore(log: Pick<EventLog, 'last' | 'get' | 'publish'>, region: string): ControlStore {
  const stream = bookStream(region);
  // Two tokens after the bucket: an alert key is always one, so the two never meet.
  const subject = `$KV.${bookBucket(region)}.control.triggers`;
  const lostControl = createLostControl(log, region);
  const write = async (control: Control, revision: number): Promise<void> => {
    await log.publish(subject, encodeJson(control), { expectStream: stream, expectLastSequence: revision });
  };
  const stored = async (): Promise<Stored> => {
    const message = await log.last(stream, subject);
    // Nothing but the marker of `nats kv del` is empty.
    if (message === null || message.data.length === 0)
      return { control: withoutRecord(await lostControl(message)), revision: message?.sequence ?? 0 };
    const control = readControl(message.data);
    if (control === null)
      throw new ControlUnreadable(
        `the control record of region ${region} (${subject}, sequence ${message.sequence}) was not written by Tocsin; ` +
          'nothing is taken from it: see docs/security.md',
      );
    return { control, revision: message.sequence, storedAt: message.storedAt };
  };
  const update: ControlStore['update'] = async (next, change) => {
    for (let conflicts = 0; ; conflicts += 1) {
      const { control, revision } = await stored();
      const decided = next(control);
      if (decided === null) return control;
      const changes = [...control.changes, { ...change, why: change.why.slice(0, MAX_WHY) }].slice(-MAX_CHANGES);
      const changed = { ...decided, changes };
      try {
        await write(changed, revision);
        return changed;
      } catch (error) {
        if (!(error instanceof Conflict) || conflicts >= MAX_CONFLICTS) throw error;
      }
    }
  };
  return {
    read: async () => {
      const { control, revision, storedAt } = await stored();
      // Written again before the stream forgets it: a pause must not end by growing old. Who may not write it has read it all the same.
      if (storedAt !== undefined && Date.now() - storedAt > REFRESH_MS)
        await write(control, revision).catch(() => undefined);
      return control;
    },
    begin: (change) =>
      update((before) => (before.changes.length > 0 ? null : before), { ...change, what: 'first record' }),
    update,
    change: (trigger, next, change) =>
      update((control) => {
        const before = controlOf(control, trigger);
        const begins = before.paused === null && (next.paused ?? null) !== null;
        const pausedAt = begins ? Date.parse(change.at) : before.pausedAt;
        return { ...control, triggers: { ...control.triggers, [trigger.id]: { ...before, ...next, pausedAt } } };
      }, change),
  };
}
