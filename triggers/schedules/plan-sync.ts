/**
 * Decides what one schedule needs: nothing, a longer horizon, or other instants. Pure. An update makes the server drop what is due and not
 * yet acted on, so that every update names the stretch that has to be filled in afterwards.
 */
import { DAY } from '../../activities/calendar/civil.ts';
import { expandCalendars } from '../../activities/calendar/compile-calendars.ts';
import { instantText } from '../../activities/calendar/instant-text.ts';
import { type CompiledSchedule, HORIZON_DAYS, compileSchedule } from './compiled-schedule.ts';
import { firedReadings } from './fired-readings.ts';
import { type ScheduleNames, nominalOf } from './schedule-names.ts';
import type { ReadyScheduleDefinition } from './schedule-definition.ts';
import type { StoredSchedule } from './schedule-server.ts';

export type SyncPlan =
  | { readonly kind: 'keep' }
  | { readonly kind: 'create'; readonly compiled: CompiledSchedule }
  | {
      /** `append`: the same instants, and more of them. */
      readonly kind: 'append' | 'change';
      readonly compiled: CompiledSchedule;
      /** Due under the old instants, wanted by the new ones, and not known to have fired: (from, to]. */
      readonly backfill: { readonly from: number; readonly to: number } | null;
      readonly why: string;
    };

/** Written out again when it has become this much shorter. */
const RENEW_DAYS = 30;
/** Newer zone data moves no instant by more. */
const FAR = 3 * DAY;

export function planSync(ready: ReadyScheduleDefinition, stored: StoredSchedule | null, now: number): SyncPlan {
  if (stored === null) return { kind: 'create', compiled: compileSchedule(ready, now, now) };
  // What was due since then and has not fired stays in, so that it can be filled in.
  const from = Math.max(stored.lastFired ?? stored.names.from, now - ready.definition.catchUpSeconds);
  const compiled = compileSchedule(ready, Math.min(from, now), now, firedReadings(stored));
  const why = difference(stored, compiled, now);
  if (why !== null)
    return {
      kind: 'change',
      compiled,
      backfill: gap(stored, compiled, from, now),
      why: why + silence(compiled, now),
    };
  if (stored.names.until === null || stored.names.until - now > (HORIZON_DAYS - RENEW_DAYS) * DAY)
    return { kind: 'keep' };
  return {
    kind: 'append',
    compiled,
    backfill: gap(stored, compiled, from, now),
    why: `the calendars end in ${Math.floor((stored.names.until - now) / DAY)} days`,
  };
}

function difference(stored: StoredSchedule, compiled: CompiledSchedule, now: number): string | null {
  if (stored.names.definition !== compiled.names.definition) return 'the definition changed';
  const common = Math.min(stored.names.until ?? now, compiled.names.until ?? now);
  // With the readings that name the events: other data may leave an instant where it is and put another reading there.
  const ahead = ({ spec, names }: Pick<CompiledSchedule, 'spec' | 'names'>): string[] =>
    expandCalendars(spec.calendars)
      .filter((instant) => instant > now && instant <= common)
      .map((instant) => `${instant} ${keyOf(names, instant)}`);
  const [before, after] = [ahead(stored), ahead(compiled)];
  if (before.length === after.length && before.every((each, index) => each === after[index])) return null;
  const [old, current] = [stored.names.tzdb, compiled.names.tzdb];
  return old === current
    ? `the instants on the server are not those of the calendar, both by tzdb ${current}`
    : `tzdb ${current} moves instants that ${old} had put elsewhere`;
}

/** What an operator would miss without a word: the clock of a zone further west shows once more what has been. */
function silence({ silent }: CompiledSchedule, now: number): string {
  const ahead = silent.filter((instant) => instant > now);
  const last = ahead.at(-1);
  return last === undefined
    ? ''
    : `; ${ahead.length} ${ahead.length === 1 ? 'instant' : 'instants'} until ${instantText(last)} will not fire: these local times had their event`;
}

function gap(
  stored: StoredSchedule,
  { spec, names }: CompiledSchedule,
  from: number,
  now: number,
): { readonly from: number; readonly to: number } | null {
  if (stored.paused !== null) return null;
  if (spec.everySeconds !== null) return from < now - spec.everySeconds ? { from, to: now } : null;
  const pending = expandCalendars(stored.spec.calendars).filter((instant) => instant > from && instant <= now + FAR);
  const due = new Set(pending.filter((instant) => instant <= now));
  const sameDefinition = stored.names.definition === names.definition;
  // What the newer data of the same zone puts into the past, before it could fire.
  const awaited = new Set(sameDefinition ? pending.map((instant) => keyOf(stored.names, instant)) : []);
  const missed = expandCalendars(spec.calendars).filter(
    (instant) => instant > from && instant <= now && (due.has(instant) || awaited.has(keyOf(names, instant))),
  );
  const [first] = missed;
  return first === undefined ? null : { from: first - 1, to: missed.at(-1) ?? now };
}

const keyOf = (names: ScheduleNames, instant: number): string => {
  const { nominal, pass } = nominalOf(names, instant);
  return `${nominal}/${pass}`;
};
