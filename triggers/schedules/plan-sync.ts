/**
 * Decides what one schedule needs: nothing, a longer horizon, or other instants. Pure. An update makes the server drop what is due and not
 * yet acted on, so that every update names the stretch that has to be filled in afterwards.
 */
import { DAY } from '../../activities/calendar/civil.ts';
import { expandCalendars } from '../../activities/calendar/compile-calendars.ts';
import {
  type CompiledSchedule,
  HORIZON_DAYS,
  type ScheduleSpec,
  compileSchedule,
  nominalOf,
} from './compiled-schedule.ts';
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

export function planSync(ready: ReadyScheduleDefinition, stored: StoredSchedule | null, now: number): SyncPlan {
  if (stored === null) return { kind: 'create', compiled: compileSchedule(ready, now, now, null) };
  const fired = firedNominal(stored);
  // What was due since then and has not fired stays in, so that it can be filled in.
  const from = Math.max(stored.lastFired ?? stored.names.from, now - ready.definition.catchUpSeconds);
  const compiled = compileSchedule(ready, Math.min(from, now), now, fired);
  const why = difference(stored, compiled, now);
  if (why !== null) return { kind: 'change', compiled, backfill: gap(stored, compiled.spec, from, now), why };
  if (stored.names.until === null || stored.names.until - now > (HORIZON_DAYS - RENEW_DAYS) * DAY)
    return { kind: 'keep' };
  return {
    kind: 'append',
    compiled,
    backfill: gap(stored, compiled.spec, from, now),
    why: `the calendars end in ${Math.floor((stored.names.until - now) / DAY)} days`,
  };
}

/** The highest reading that has had its event, by the names under which it fired. */
function firedNominal({ names, lastFired }: StoredSchedule): number | null {
  if (lastFired === null || names.until === null || lastFired <= names.from) return names.fired;
  return Math.max(names.fired ?? -Infinity, nominalOf(names, lastFired)[0]);
}

function difference(stored: StoredSchedule, compiled: CompiledSchedule, now: number): string | null {
  if (stored.names.definition !== compiled.names.definition) return 'the definition changed';
  const common = Math.min(stored.names.until ?? now, compiled.names.until ?? now);
  const ahead = ({ calendars }: ScheduleSpec): number[] =>
    expandCalendars(calendars).filter((instant) => instant > now && instant <= common);
  const [before, after] = [ahead(stored.spec), ahead(compiled.spec)];
  const first = before.findIndex((instant, index) => instant !== after[index]);
  if (first < 0 && before.length === after.length) return null;
  return `tzdb ${compiled.names.tzdb} moves instants that ${stored.names.tzdb} had put elsewhere`;
}

function gap(
  stored: StoredSchedule,
  spec: ScheduleSpec,
  from: number,
  now: number,
): { readonly from: number; readonly to: number } | null {
  if (stored.paused !== null) return null;
  if (spec.everySeconds !== null) return from < now - spec.everySeconds ? { from, to: now } : null;
  const wanted = new Set(expandCalendars(spec.calendars));
  const due = expandCalendars(stored.spec.calendars).filter(
    (instant) => instant > from && instant <= now && wanted.has(instant),
  );
  const [first] = due;
  return first === undefined ? null : { from: first - 1, to: due.at(-1) ?? now };
}
