/** `tocsin schedule list | preview | pause | resume | backfill | remove | diff`: what is defined, and what the server makes of it. */
import { DAY } from '../../activities/calendar/civil.ts';
import { type Firing, firingsUntil } from '../../activities/calendar/fire-times.ts';
import { instantText, readingText, zonedText } from '../../activities/calendar/instant-text.ts';
import { HORIZON_DAYS } from '../../triggers/schedules/compiled-schedule.ts';
import { type ReadyScheduleDefinition, calendarProblem } from '../../triggers/schedules/schedule-definition.ts';
import type { ScheduleServer } from '../../triggers/schedules/schedule-server.ts';
import { loadConfig } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { readInstant } from '../read-instant.ts';
import { recordAct } from '../record-act.ts';
import { definitionOf, differencesOf, differs, readConfigured, serverOf } from './schedule-difference.ts';
import { type MissedInstants, fillIn, missedInstants } from '../../triggers/schedules/fill-in.ts';
import { type CommonOptions, output, withSession } from './session.ts';

const MAX_NEXT = 3;
const MAX_SHOWN = 10;
const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

export const listSchedules = (options: CommonOptions): Promise<number> =>
  withSession(options, async (session) => {
    const server = await serverOf(session);
    const { ready, unreadable } = readConfigured(session.config);
    const known = [...ready.map(({ definition }) => definition.id), ...unreadable.map(({ id }) => id)];
    const orphans = (await server.list()).filter((id) => !known.includes(id));
    const defined = [];
    for (const each of ready) {
      const stored = await server.read(each.definition.id);
      defined.push({
        id: each.definition.id,
        zone: each.definition.zone,
        state: stored === null ? 'not on the server yet' : (stored.paused ?? 'active'),
        next: (stored?.next ?? []).slice(0, MAX_NEXT).map((instant) => localText(each, instant)),
        compiledUntil: stored?.names.until == null ? null : instantText(stored.names.until),
        tzdb: stored?.names.tzdb ?? null,
      });
    }
    const lines = [
      ...defined.map(({ id, zone, state, next }) => `${id}  ${zone}  ${state}  ${next.join(', ')}`),
      ...unreadable.map(({ id, why }) => `${id}  cannot be read: ${why}`),
      ...orphans.map((id) => `${id}  is on the server and not defined here; \`tocsin schedule remove ${id}\` ends it`),
    ];
    output(
      options,
      { schedules: defined, unreadable, orphans },
      lines.length === 0 ? 'no schedules' : lines.join('\n'),
    );
    return EXIT.ok;
  });

export interface PreviewCommand extends CommonOptions {
  readonly id: string;
  readonly days: string;
}

/** What the calendar says, without any server. */
export function previewSchedule(options: PreviewCommand): number {
  const days = Number(options.days);
  if (!Number.isInteger(days) || days < 1 || days > HORIZON_DAYS)
    throw new CommandError(EXIT.refused, `--days ${options.days}; expected 1 to ${HORIZON_DAYS}`);
  const config = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  const ready = definitionOf(config, options.id);
  const now = nowSeconds();
  const firings = firingsUntil(ready.points.points, ready.zone, ready.points.policy, now, now + days * DAY);
  const rows = firings.map((firing) => ({
    instant: instantText(firing.at),
    local: localText(ready, firing.at),
    nominal: readingText(firing.nominal),
    note: noteOf(ready, firing),
  }));
  const text = rows
    .map(({ local, instant, note }) => `${local}  ${instant}${note === '' ? '' : `  ${note}`}`)
    .join('\n');
  const { id, zone } = ready.definition;
  output(options, { id, zone, tzdb: ready.zone.tzdb, instants: rows }, text || `never within ${days} days`);
  return EXIT.ok;
}

function noteOf({ zone, points }: ReadyScheduleDefinition, { at, nominal, pass }: Firing): string {
  if ('everySeconds' in points.points) return '';
  if (pass === 2) return 'second pass of an hour that occurs twice';
  return nominal === at + zone.periodAt(at).offset ? '' : `${readingText(nominal)} does not exist that day`;
}

export interface ScheduleCommand extends CommonOptions {
  readonly id: string;
  readonly why: string;
}

export const pauseSchedule = (options: ScheduleCommand): Promise<number> =>
  change(options, 'paused', (server) => server.pause(options.id, options.why || 'paused by an operator'));

export const resumeSchedule = (options: ScheduleCommand): Promise<number> =>
  change(options, 'resumed', (server) => server.resume(options.id, options.why || 'resumed by an operator'));

export const removeSchedule = (options: ScheduleCommand): Promise<number> =>
  change(options, 'removed; it comes back while it is defined', (server) => server.remove(options.id));

export interface BackfillCommand extends ScheduleCommand {
  readonly from: string;
  readonly to: string;
}

/** From the calendar, because what the server has begins with its last change. An instant that had its event gives the same event again. */
export const backfillSchedule = (options: BackfillCommand): Promise<number> =>
  withSession(options, async (session) => {
    const [from, to] = [readInstant('--from', options.from), readInstant('--to', options.to)];
    if (from >= to) throw new CommandError(EXIT.refused, `--from ${options.from} is not before --to ${options.to}`);
    if (to > nowSeconds())
      throw new CommandError(EXIT.refused, `--to ${options.to} is to come: the schedule fires by itself from now on`);
    const ready = definitionOf(session.config, options.id);
    const missed = missedBetween(ready, from, to);
    if (missed.due.length === 0) {
      const reason = `nothing is due from ${options.from} to ${options.to}`;
      output(options, { schedule: options.id, done: null, reason, events: [] }, `${options.id}: ${reason}`);
      return EXIT.failed;
    }
    const done = `filled in from ${options.from} to ${options.to}`;
    const log = await session.log();
    await recordAct(log, [missed.names.region], { what: `schedule: ${done}`, where: options.id, why: options.why });
    const events = await fillIn(log, missed, new Date().toISOString());
    const text = `${options.id}: ${done}, ${events.length} ${events.length === 1 ? 'event' : 'events'}; triggers decide by their age`;
    output(options, { schedule: options.id, done, events }, text);
    return EXIT.ok;
  });

function missedBetween(ready: ReadyScheduleDefinition, from: number, to: number): MissedInstants {
  try {
    return missedInstants(ready, from, to);
  } catch (error) {
    throw new CommandError(EXIT.refused, `schedule ${ready.definition.id}: ${calendarProblem(error)}`, error);
  }
}

const change = (
  options: ScheduleCommand,
  done: string,
  work: (server: ScheduleServer) => Promise<void>,
): Promise<number> =>
  withSession(options, async (session) => {
    const server = await serverOf(session);
    const stored = await server.read(options.id);
    if (stored === null)
      throw new CommandError(
        EXIT.refused,
        `schedule ${JSON.stringify(options.id)} is not on the server; it has ${(await server.list()).join(', ') || 'none'}`,
      );
    const act = { what: `schedule: ${done}`, where: options.id, why: options.why };
    await recordAct(await session.log(stored.names.region), [stored.names.region], act);
    await work(server);
    output(options, { schedule: options.id, done }, `${options.id}: ${done}`);
    return EXIT.ok;
  });

/** What the server itself says it will do, against what the calendar says. Exit code 1 when they differ. */
export const diffSchedules = (options: CommonOptions): Promise<number> =>
  withSession(options, async (session) => {
    const differences = await differencesOf(session);
    const lines = differences.flatMap(({ id, unreadable, compared, missing, extra, absent }) => [
      unreadable !== null
        ? `${id}: cannot be read: ${unreadable}`
        : absent
          ? `${id}: not on the server`
          : `${id}: ${compared} instants, ${missing.length} missing, ${extra.length} extra`,
      ...missing.slice(0, MAX_SHOWN).map((instant) => `  missing ${instant}`),
      ...extra.slice(0, MAX_SHOWN).map((instant) => `  extra   ${instant}`),
    ]);
    output(options, { schedules: differences }, lines.length === 0 ? 'no schedules' : lines.join('\n'));
    return differences.some(differs) ? EXIT.failed : EXIT.ok;
  });

const localText = ({ zone }: ReadyScheduleDefinition, instant: number): string =>
  zonedText(instant, zone.periodAt(instant).offset, zone.id);
