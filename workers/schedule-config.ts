/** The schedules of an installation, those of the code and those of `tocsin.yaml`, and what is wrong with them. */
import { CalendarError } from '../activities/calendar/calendar-error.ts';
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

/** All problems of all of them, each with the schedule's name. */
export function scheduleProblems(config: Config, zones: ZoneData): string[] {
  const all = scheduleDefinitions(config);
  return all.flatMap((definition, index) => [
    ...(all.findIndex(({ id }) => id === definition.id) === index ? [] : [`schedule ${definition.id} is there twice`]),
    ...(config.regions.includes(definition.region)
      ? []
      : [`schedule ${definition.id}: region ${definition.region}, expected one of ${config.regions.join(', ')}`]),
    ...problemOf(definition, zones),
  ]);
}

function problemOf(definition: ScheduleDefinition, zones: ZoneData): string[] {
  try {
    readyDefinition(definition, zones);
    return [];
  } catch (error) {
    if (error instanceof CalendarError) return [`schedule ${definition.id}: ${error.message}`];
    throw error;
  }
}
