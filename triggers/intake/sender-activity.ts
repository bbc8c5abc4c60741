/**
 * What each sender has sent lately, for `tocsin sources`: one small record per sender and region beside the episode book. Counts are
 * gathered here and added to the record at most every few seconds; several intakes add to the same one by compare-and-set.
 */
import { Conflict } from '../nats/errors.ts';
import type { EventLog } from '../nats/port.ts';
import { bookBucket, bookStream, keyToken } from '../nats/subject.ts';
import { encodeJson } from '../path/json-bytes.ts';
import { readRecord } from '../path/read-record.ts';

export interface Activity {
  /** Events stored. */
  readonly accepted: number;
  /** Requests and items that can never be stored. */
  readonly rejected: number;
  /** Requests that did not prove their sender. */
  readonly unauthenticated: number;
  /** Requests that were asked to come again. */
  readonly comeAgain: number;
  /** RFC 3339, UTC. */
  readonly lastEventAt: string | null;
  readonly lastProblem: { readonly at: string; readonly reason: string } | null;
  /** Events of the last minutes that had any: minutes since 1970, and how many. */
  readonly minutes: readonly (readonly [minute: number, events: number])[];
}

export type Noted =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected' | 'unauthenticated' | 'comeAgain'; readonly reason: string };

export interface SenderActivity {
  note(sender: string, noted: Noted): void;
  /** Rejects with the errors of the events log; what could not be added is added the next time. */
  flush(): Promise<void>;
  read(sender: string): Promise<Activity>;
}

/** Of a sender that has sent nothing. */
export const NO_ACTIVITY: Activity = {
  accepted: 0,
  rejected: 0,
  unauthenticated: 0,
  comeAgain: 0,
  lastEventAt: null,
  lastProblem: null,
  minutes: [],
};
const KEPT_MINUTES = 15;
const MAX_CONFLICTS = 8;

export function createSenderActivity(
  log: Pick<EventLog, 'last' | 'publish'>,
  region: string,
  now: () => number = Date.now,
): SenderActivity {
  const stream = bookStream(region);
  // Two tokens after the bucket: an alert key is always one, so the two never meet.
  const subjectOf = (sender: string): string => `$KV.${bookBucket(region)}.sender.${keyToken(sender)}`;
  const gathered = new Map<string, Activity>();
  const stored = async (sender: string): Promise<{ readonly activity: Activity; readonly revision: number }> => {
    const { record, revision } = await readRecord<Partial<Activity>>(log, stream, subjectOf(sender));
    return { activity: record === null ? NO_ACTIVITY : { ...NO_ACTIVITY, ...record }, revision };
  };
  const add = async (sender: string, more: Activity): Promise<void> => {
    for (let conflicts = 0; ; conflicts += 1) {
      const { activity, revision } = await stored(sender);
      try {
        const next = encodeJson(sum(activity, more));
        await log.publish(subjectOf(sender), next, { expectStream: stream, expectLastSequence: revision });
        return;
      } catch (error) {
        if (!(error instanceof Conflict) || conflicts >= MAX_CONFLICTS) throw error;
      }
    }
  };
  return {
    note: (sender, noted) =>
      void gathered.set(sender, sum(gathered.get(sender) ?? NO_ACTIVITY, activityOf(noted, now()))),
    flush: async () => {
      // What is noted meanwhile is for the next time: a busy sender would keep this one writing for as long as it sends.
      const senders = [...gathered.keys()];
      for (const sender of senders) {
        const more = gathered.get(sender) ?? NO_ACTIVITY;
        gathered.delete(sender);
        try {
          await add(sender, more);
        } catch (error) {
          gathered.set(sender, sum(more, gathered.get(sender) ?? NO_ACTIVITY));
          throw error;
        }
      }
    },
    read: async (sender) => (await stored(sender)).activity,
  };
}

/** Events per minute over the last five. */
export function ratePerMinute({ minutes }: Activity, now: number): number {
  const from = minuteOf(now) - 5;
  return minutes.filter(([minute]) => minute > from).reduce((total, [, events]) => total + events, 0) / 5;
}

const minuteOf = (ms: number): number => Math.floor(ms / 60_000);

function activityOf(noted: Noted, ms: number): Activity {
  const at = new Date(ms).toISOString();
  return noted.kind === 'accepted'
    ? { ...NO_ACTIVITY, accepted: 1, lastEventAt: at, minutes: [[minuteOf(ms), 1]] }
    : { ...NO_ACTIVITY, [noted.kind]: 1, lastProblem: { at, reason: noted.reason } };
}

/** `b` is the later one. */
function sum(a: Activity, b: Activity): Activity {
  const minutes = new Map(a.minutes);
  for (const [minute, events] of b.minutes) minutes.set(minute, (minutes.get(minute) ?? 0) + events);
  return {
    accepted: a.accepted + b.accepted,
    rejected: a.rejected + b.rejected,
    unauthenticated: a.unauthenticated + b.unauthenticated,
    comeAgain: a.comeAgain + b.comeAgain,
    lastEventAt: b.lastEventAt ?? a.lastEventAt,
    lastProblem: b.lastProblem ?? a.lastProblem,
    minutes: [...minutes].sort(([x], [y]) => x - y).slice(-KEPT_MINUTES),
  };
}
