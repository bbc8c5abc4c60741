/** `tocsin schedule list | preview | pause | resume | backfill | remove | diff`: what is defined, and what the server makes of it. */
import { DAY } from '../../activities/calendar/civil.ts';
import { type Firing, firingsUntil } from '../../activities/calendar/fire-times.ts';
import { instantText, readingText, zonedText } from '../../activities/calendar/instant-text.ts';
import { HORIZON_DAYS } from '../../triggers/schedules/compiled-schedule.ts';
import type { ReadyScheduleDefinition } from '../../triggers/schedules/schedule-definition.ts';
import type { ScheduleServer } from '../../triggers/schedules/schedule-server.ts';
import { type Config, loadConfig } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { readInstant } from '../read-instant.ts';
import { recordAct } from '../record-act.ts';
import { allReady, differencesOf, serverOf } from './schedule-difference.ts';
import { type CommonOptions, output, withSession } from './session.ts';

const MAX_NEXT = 3;
const MAX_SHOWN = 10;
const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

export const listSchedules = (options: CommonOptions): Promise<number> =>
  withSession(options, async (session) => {
    const server = await serverOf(session);
    const ready = allReady(session.config);
    const known = ready.map(({ definition }) => definition.id);
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
      ...orphans.map((id) => `${id}  is on the server and not defined here; \`tocsin schedule remove ${id}\` ends it`),
    ];
    output(options, { schedules: defined, orphans }, lines.length === 0 ? 'no schedules' : lines.join('\n'));
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
  const ready = named(config, options.id);
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

/** Instants that had their event already give none again: the id of an event is its nominal local time. */
export const backfillSchedule = (options: BackfillCommand): Promise<number> =>
  change(options, `filled in from ${options.from} to ${options.to}`, (server) => {
    const [from, to] = [readInstant('--from', options.from), readInstant('--to', options.to)];
    if (from >= to) throw new CommandError(EXIT.refused, `--from ${options.from} is not before --to ${options.to}`);
    return server.backfill(options.id, from - 1, to);
  });

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
    const bad = differences.filter(({ missing, extra, absent }) => absent || missing.length > 0 || extra.length > 0);
    const lines = differences.flatMap(({ id, compared, missing, extra, absent }) => [
      absent
        ? `${id}: not on the server`
        : `${id}: ${compared} instants, ${missing.length} missing, ${extra.length} extra`,
      ...missing.slice(0, MAX_SHOWN).map((instant) => `  missing ${instant}`),
      ...extra.slice(0, MAX_SHOWN).map((instant) => `  extra   ${instant}`),
    ]);
    output(options, { schedules: differences }, lines.length === 0 ? 'no schedules' : lines.join('\n'));
    return bad.length === 0 ? EXIT.ok : EXIT.failed;
  });

function named(config: Config, id: string): ReadyScheduleDefinition {
  const all = allReady(config);
  const found = all.find(({ definition }) => definition.id === id);
  if (found !== undefined) return found;
  const known = all.map(({ definition }) => definition.id).join(', ') || 'none';
  throw new CommandError(EXIT.refused, `schedule ${JSON.stringify(id)} is not defined; expected one of ${known}`);
}

const localText = ({ zone }: ReadyScheduleDefinition, instant: number): string =>
  zonedText(instant, zone.periodAt(instant).offset, zone.id);
