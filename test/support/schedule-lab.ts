/** Schedules on a real Temporal and a real events log, with the worker that publishes what they fire. */
import { pino } from 'pino';
import { type ZoneData, openZoneData } from '../../activities/calendar/zone-data.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { publishSchedule } from '../../triggers/schedules/publish-schedule.ts';
import type { ScheduleServer } from '../../triggers/schedules/schedule-server.ts';
import { type SyncReport, syncSchedules } from '../../triggers/schedules/sync-schedules.ts';
import { createTemporalSchedules } from '../../triggers/schedules/temporal-schedules.ts';
import {
  type ReadyScheduleDefinition,
  type ScheduleDefinition,
  readyDefinition,
} from '../../triggers/schedules/schedule-definition.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { type TemporalConnection, connectTemporal } from '../../workers/temporal-connection.ts';
import { type RunningWorker, createWorker } from '../../workers/worker.ts';
import type { ScheduleActivities } from '../../workflows/engine/schedule-fired.ts';
import { bundlesFolder } from './bundles-folder.ts';
import { type TestServers, startTestServers } from './servers.ts';

export const REGION = 'eu';
/** Its stream drops copies that come within a minute, the other's within a tenth of a second. */
export const PATIENT_REGION = 'us';
export const DAY = 86_400;

const LIMITS = { maxCachedWorkflows: 20, maxActivities: 10, shutdownGraceMs: 1_000 };
const silent = pino({ level: 'silent' });

export interface StoredEvent {
  readonly id: string;
  readonly time: string;
  readonly recordedtime: string;
}

export interface ScheduleLab {
  readonly servers: TestServers;
  readonly log: EventLog;
  readonly temporal: () => TemporalConnection;
  readonly schedules: () => ScheduleServer;
  /** Stored events of one schedule, in order, copies included. */
  stored(schedule: string, region?: string): Promise<readonly StoredEvent[]>;
  ids(schedule: string, region?: string): Promise<readonly string[]>;
  sync(...definitions: ReadyScheduleDefinition[]): Promise<SyncReport[]>;
  /** Temporal dies, and is started again when `meanwhile` has ended. */
  outage(meanwhile: () => Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

const zones = openZoneData();

export const ready = (
  definition: Pick<ScheduleDefinition, 'id' | 'zone'> & Partial<ScheduleDefinition>,
  data: ZoneData = zones,
): ReadyScheduleDefinition => readyDefinition({ region: REGION, catchUpSeconds: 365 * DAY, ...definition }, data);

/** Six fields that match this one instant, in UTC. */
export function once(instant: number): string {
  const date = new Date(instant * 1_000);
  const [second, minute, hour] = [date.getUTCSeconds(), date.getUTCMinutes(), date.getUTCHours()];
  return `${second} ${minute} ${hour} ${date.getUTCDate()} ${date.getUTCMonth() + 1} *`;
}

export async function startScheduleLab(): Promise<ScheduleLab> {
  const servers = await startTestServers({ nats: true, temporal: true });
  const log = await connectLog({ servers: servers.natsUrl, name: 'test' });
  for (const [region, duplicateWindowMs] of [
    [REGION, 100],
    [PATIENT_REGION, 60_000],
  ] as const) {
    const specs = regionTopology(region, { duplicateWindowMs, replicas: 1, ackWaitMs: 30_000 });
    // Small: both regions fit beside each other.
    await log.ensureTopology(
      specs.map((spec) => ({ ...spec, maxBytes: 64 * 1_048_576 })),
      true,
    );
  }
  let [temporal, worker] = await connect(servers, log);
  const schedules = (): ScheduleServer => createTemporalSchedules(temporal.client, servers.namespace);
  const stored = async (schedule: string, region = REGION): Promise<readonly StoredEvent[]> => {
    const events: StoredEvent[] = [];
    for await (const { data } of log.read({ stream: eventStream(region) })) {
      const event = JSON.parse(Buffer.from(data).toString()) as StoredEvent;
      if (event.id.startsWith(`schedule/${schedule}/`)) events.push(event);
    }
    return events;
  };
  return {
    servers,
    log,
    temporal: () => temporal,
    schedules,
    stored,
    ids: async (schedule, region) => (await stored(schedule, region)).map(({ id }) => id),
    sync: (...definitions) => syncSchedules(schedules(), { ready: definitions, unreadable: [] }, nowSeconds(), silent),
    outage: async (meanwhile) => {
      await worker.shutdown();
      await temporal.close();
      await servers.temporal.kill();
      await meanwhile();
      await servers.temporal.start();
      [temporal, worker] = await connect(servers, log);
    },
    stop: async () => {
      await worker.shutdown();
      await temporal.close();
      await log.close();
      await servers.stopAll();
    },
  };
}

async function connect(servers: TestServers, log: EventLog): Promise<[TemporalConnection, RunningWorker]> {
  const connection = { address: servers.temporalAddress };
  const temporal = await connectTemporal({ connection, namespace: servers.namespace, external: true });
  const { codePath } = await workflowBundle(bundlesFolder(), silent);
  const decisions: ScheduleActivities = {
    publishSchedule: ({ names, due }) => publishSchedule(log, names, due, new Date().toISOString()),
  };
  return [temporal, await createWorker(temporal, { kind: 'runbooks', codePath, decisions }, LIMITS)];
}
