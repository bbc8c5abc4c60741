/**
 * Temporal as the server that fires schedules. Each becomes one Temporal Schedule named `tocsin/<id>`, which its web UI shows, with
 * explicit UTC calendars: the zone rules of the server take no part in it.
 */
import {
  type Client,
  type ScheduleDescription,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type ScheduleUpdateOptions,
  type CalendarSpec,
  type CalendarSpecDescription,
  type ScheduleOptionsStartWorkflowAction,
} from '@temporalio/client';
import { instantText } from '../../activities/calendar/instant-text.ts';
import type { UtcCalendar } from '../../activities/calendar/compile-calendars.ts';
import { RUNBOOK_QUEUE, SCHEDULE_FIRED } from '../../workflows/kit/run-context.ts';
import { EngineUnavailable } from '../path/engine.ts';
import type { CompiledSchedule } from './compiled-schedule.ts';
import type { ScheduleNames } from './schedule-names.ts';
import type { ScheduleServer, StoredSchedule } from './schedule-server.ts';

/** What a schedule starts. */
type Fired = (names: ScheduleNames) => Promise<unknown>;
type Options = ScheduleUpdateOptions<ScheduleOptionsStartWorkflowAction<Fired>>;

const PREFIX = 'tocsin/';
const CALL_TIMEOUT_MS = 10_000;
/** Bound on one tiny run, which only waits for the events log. */
const RUN_TIMEOUT_MS = 86_400_000;
const MAX_LISTED = 10_000;
const MONTHS = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;

export function createTemporalSchedules(client: Client, namespace: string): ScheduleServer {
  const call = <T>(what: string, work: () => Promise<T>): Promise<T> =>
    client.withDeadline(Date.now() + CALL_TIMEOUT_MS, work).catch((error: unknown) => {
      if (error instanceof ScheduleNotFoundError) throw error;
      throw new EngineUnavailable(`cannot ${what}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    });
  const handle = (id: string) => client.schedule.getHandle(PREFIX + id);
  return {
    list: () =>
      call('list the schedules', async () => {
        const ids: string[] = [];
        for await (const { scheduleId } of client.schedule.list()) {
          if (scheduleId.startsWith(PREFIX)) ids.push(scheduleId.slice(PREFIX.length));
          if (ids.length >= MAX_LISTED) break;
        }
        return ids;
      }),
    read: (id) =>
      call(`read schedule ${id}`, async () => {
        try {
          return storedOf(id, await handle(id).describe());
        } catch (error) {
          if (error instanceof ScheduleNotFoundError) return null;
          throw error;
        }
      }),
    create: (compiled) =>
      call(`create schedule ${compiled.names.schedule}`, async () => {
        await client.schedule.create<Fired>({ scheduleId: PREFIX + compiled.names.schedule, ...optionsOf(compiled) });
      }),
    update: (compiled) =>
      call(`update schedule ${compiled.names.schedule}`, () =>
        handle(compiled.names.schedule).update<Fired>(({ state }) => ({ ...optionsOf(compiled), state })),
      ),
    backfill: (id, from, to) =>
      call(`fill in schedule ${id}`, () =>
        handle(id).backfill({
          // The server takes both ends.
          start: new Date((from + 1) * 1_000),
          end: new Date(to * 1_000),
          overlap: ScheduleOverlapPolicy.ALLOW_ALL,
        }),
      ),
    pause: (id, why) => call(`pause schedule ${id}`, () => handle(id).pause(why)),
    resume: (id, why) => call(`resume schedule ${id}`, () => handle(id).unpause(why)),
    remove: (id) => call(`remove schedule ${id}`, () => handle(id).delete()),
    matching: async (id, from, to) => {
      const found: number[] = [];
      // The server answers with so many at most, and does not say when it has cut them off.
      for (let last = from, page: number[]; ; last = page.at(-1) ?? to) {
        page = await call(`ask when schedule ${id} fires`, () => matchingAfter(id, last, to));
        if (page.length === 0) return found;
        found.push(...page);
      }
    },
  };

  async function matchingAfter(id: string, from: number, to: number): Promise<number[]> {
    const { startTime } = await client.workflowService.listScheduleMatchingTimes({
      namespace,
      scheduleId: PREFIX + id,
      startTime: { seconds: from as never, nanos: 0 },
      endTime: { seconds: to as never, nanos: 0 },
    });
    return startTime.map(({ seconds }) => Number(seconds ?? 0)).filter((instant) => instant > from);
  }
}

function optionsOf({ spec, names }: CompiledSchedule): Options {
  const until = names.until === null ? '' : `, compiled until ${instantText(names.until)}`;
  return {
    spec: {
      calendars: spec.calendars.map(calendarSpec),
      intervals: spec.everySeconds === null ? [] : [{ every: spec.everySeconds * 1_000 }],
    },
    action: {
      type: 'startWorkflow',
      workflowType: SCHEDULE_FIRED,
      workflowId: `schedule/${names.schedule}`,
      taskQueue: RUNBOOK_QUEUE,
      args: [names],
      workflowExecutionTimeout: RUN_TIMEOUT_MS,
      staticSummary: `${names.schedule} in ${names.zone}, tzdb ${names.tzdb}${until}`.slice(0, 200),
    },
    policies: {
      overlap: ScheduleOverlapPolicy.ALLOW_ALL,
      catchupWindow: spec.catchUpSeconds * 1_000,
      pauseOnFailure: false,
    },
    state: { paused: false },
  };
}

const calendarSpec = ({ year, month, days, hours, minutes, seconds }: UtcCalendar): CalendarSpec => ({
  year,
  month: MONTHS[month - 1] ?? 'JANUARY',
  dayOfMonth: [...days],
  hour: [...hours],
  minute: [...minutes],
  second: [...seconds],
});

/** Null for a schedule that carries no names of ours. */
function storedOf(id: string, { spec, action, policies, state, info }: ScheduleDescription): StoredSchedule | null {
  const names = action.args?.[0] as ScheduleNames | undefined;
  if (action.workflowType !== SCHEDULE_FIRED || names?.schedule !== id) return null;
  const every = spec.intervals?.[0]?.every;
  const fired = info.recentActions.map(({ scheduledAt }) => seconds(scheduledAt));
  return {
    id,
    names,
    spec: {
      calendars: (spec.calendars ?? []).map(utcCalendar),
      everySeconds: every === undefined ? null : Math.round(Number(every) / 1_000),
      catchUpSeconds: Math.round(policies.catchupWindow / 1_000),
    },
    paused: state.paused ? (state.note ?? 'paused') : null,
    lastFired: fired.length === 0 ? null : Math.max(...fired),
    next: info.nextActionTimes.map(seconds),
  };
}

const seconds = (date: Date): number => Math.floor(date.getTime() / 1_000);

type Ranges = readonly { readonly start: number; readonly end?: number; readonly step?: number }[];

const utcCalendar = ({ year, month, dayOfMonth, hour, minute, second }: CalendarSpecDescription): UtcCalendar => ({
  year: numbers(year)[0] ?? 0,
  month: MONTHS.findIndex((name) => name === month[0]?.start) + 1,
  days: numbers(dayOfMonth),
  hours: numbers(hour),
  minutes: numbers(minute),
  seconds: numbers(second),
});

/** The server writes lists of numbers as ranges. */
function numbers(ranges: Ranges): number[] {
  return ranges.flatMap(({ start, end = start, step = 1 }) => {
    const found: number[] = [];
    for (let value = start; value <= Math.max(start, end); value += Math.max(1, step)) found.push(value);
    return found;
  });
}
