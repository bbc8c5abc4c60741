/** The schedules of an installation, those of the code and those of `tocsin.yaml`, and what is wrong with them. */
import { CalendarError, type Problem } from '../activities/calendar/calendar-error.ts';
import { fireTimes, firingsUntil } from '../activities/calendar/fire-times.ts';
import { HORIZON } from '../activities/calendar/next-opening.ts';
import type { ZoneData } from '../activities/calendar/zone-data.ts';
import { type ScheduleDefinition, readyDefinition } from '../triggers/schedules/schedule-definition.ts';
import type { Config } from './config-schema.ts';
import { durationMs } from './config.ts';
import { project } from './project.ts';

type Configured = Config['schedules'][number];

/** Those of the code and those of the configuration. */
export const scheduleDefinitions = (config: Config): readonly ScheduleDefinition[] => [
  ...project.schedules,
  ...config.schedules.map((each) => definitionOf(each, config.regions[0] ?? '')),
];

function definitionOf({ jitter, catchUp, region, ...rest }: Configured, firstRegion: string): ScheduleDefinition {
  return {
    ...(rest as Omit<ScheduleDefinition, 'region' | 'catchUpSeconds'>),
    region: region ?? firstRegion,
    catchUpSeconds: durationMs(catchUp) / 1_000,
    ...(jitter === undefined ? {} : { jitterSeconds: durationMs(jitter) / 1_000 }),
  };
}

/** All problems of all of them. Those of `tocsin.yaml` have their place in it, those of code none. */
export function scheduleProblems(config: Config, zones: ZoneData, nowMs: number): Problem[] {
  const all = scheduleDefinitions(config);
  const inCode = all.length - config.schedules.length;
  return all.flatMap((definition, index) => {
    const { id, region } = definition;
    const place = index < inCode ? null : `/schedules/${index - inCode}`;
    const found: Problem[] = [
      ...(all.findIndex((each) => each.id === id) === index ? [] : [{ place: '/id', message: 'is there twice' }]),
      ...(config.regions.includes(region)
        ? []
        : [{ place: '/region', message: `region ${region}, expected one of ${config.regions.join(', ')}` }]),
      ...problemsOf(definition, zones, Math.floor(nowMs / 1_000)),
    ];
    return found.map((each) => ({
      place: place === null ? '' : `${place}${each.place}`,
      message: `schedule ${id}: ${each.message}`,
    }));
  });
}

function problemsOf(definition: ScheduleDefinition, zones: ZoneData, now: number): readonly Problem[] {
  try {
    const { points: schedule, zone } = readyDefinition(definition, zones);
    const { points, policy } = schedule;
    firingsUntil(points, zone, policy, now, now + HORIZON);
    if (fireTimes(points, zone, policy, now, 1).length > 0) return [];
    return [{ place: whenOf(definition), message: 'never fires within nine years' }];
  } catch (error) {
    if (!(error instanceof CalendarError)) throw error;
    if (error.problems.length > 0) return error.problems;
    return [{ place: isOfZone(error) ? '/zone' : whenOf(definition), message: error.message }];
  }
}

const isOfZone = ({ code }: CalendarError): boolean => code === 'unknown-zone' || code === 'zone-data-broken';

/** Where it says when it fires. */
const whenOf = (definition: ScheduleDefinition): string =>
  `/${(['cron', 'every', 'at'] as const).find((key) => definition[key] !== undefined) ?? ''}`;
