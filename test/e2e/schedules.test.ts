/** Schedules on a real Temporal and a real events log: which instants the server will act on, and that each becomes one event. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { instantText, readingText } from '../../activities/calendar/instant-text.ts';
import { firingsUntil } from '../../activities/calendar/fire-times.ts';
import { type ZoneData, openZoneData } from '../../activities/calendar/zone-data.ts';
import { createZone } from '../../activities/calendar/zone.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { publishSchedule } from '../../triggers/schedules/publish-schedule.ts';
import type { ScheduleServer } from '../../triggers/schedules/schedule-server.ts';
import { syncSchedules } from '../../triggers/schedules/sync-schedules.ts';
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
import { bundlesFolder } from '../support/bundles-folder.ts';
import { cli } from '../support/cli.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

const DAY = 86_400;
const REGION = 'eu';
const LIMITS = { maxCachedWorkflows: 20, maxActivities: 10, shutdownGraceMs: 1_000 };
const logger = pino({ level: 'silent' });
const zones = openZoneData();
/** Every kind of rule: both hemispheres, odd offsets, gaps of half an hour, of two hours and at midnight, none at all. */
const ZONES = [
  'America/New_York',
  'America/Los_Angeles',
  'America/Chicago',
  'America/Denver',
  'America/Phoenix',
  'America/Anchorage',
  'America/Halifax',
  'America/St_Johns',
  'America/Vancouver',
  'America/Winnipeg',
  'America/Havana',
  'America/Sao_Paulo',
  'America/Santiago',
  'America/Asuncion',
  'America/Mexico_City',
  'America/Nuuk',
  'Atlantic/Azores',
  'Europe/London',
  'Europe/Dublin',
  'Europe/Lisbon',
  'Europe/Berlin',
  'Europe/Athens',
  'Europe/Chisinau',
  'Europe/Istanbul',
  'Europe/Moscow',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Africa/Johannesburg',
  'Asia/Beirut',
  'Asia/Jerusalem',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Asia/Tokyo',
  'Australia/Sydney',
  'Australia/Adelaide',
  'Australia/Brisbane',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Antarctica/Troll',
];

const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

describe('schedules', () => {
  let servers: TestServers;
  let temporal: TemporalConnection;
  let log: EventLog;
  let worker: RunningWorker;
  let schedules: ScheduleServer;

  before(async () => {
    servers = await startTestServers({ nats: true, temporal: true });
    log = await connectLog({ servers: servers.natsUrl, name: 'test' });
    await log.ensureTopology(regionTopology(REGION, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 }), true);
    await connect();
  });
  after(async () => {
    await worker?.shutdown();
    await temporal?.close();
    await log?.close();
    await servers?.stopAll();
  });

  const connect = async (): Promise<void> => {
    const connection = { address: servers.temporalAddress };
    temporal = await connectTemporal({ connection, namespace: servers.namespace, external: true });
    schedules = createTemporalSchedules(temporal.client, servers.namespace);
    const { codePath } = await workflowBundle(bundlesFolder(), logger);
    const decisions: ScheduleActivities = {
      publishSchedule: ({ names, due }) => publishSchedule(log, names, due, new Date().toISOString()),
    };
    worker = await createWorker(temporal, { kind: 'runbooks', codePath, decisions }, LIMITS);
  };

  /** Ids of the stored events of one schedule, in order. */
  const stored = async (schedule: string): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { data } of log.read({ stream: eventStream(REGION) })) {
      const { id } = JSON.parse(Buffer.from(data).toString()) as { id: string };
      if (id.startsWith(`schedule/${schedule}/`)) ids.push(id);
    }
    return ids;
  };
  const ready = (
    definition: Pick<ScheduleDefinition, 'id' | 'zone'> & Partial<ScheduleDefinition>,
    data: ZoneData = zones,
  ): ReadyScheduleDefinition => readyDefinition({ region: REGION, catchUpSeconds: 365 * DAY, ...definition }, data);
  /** Six fields that match this one instant, in UTC. */
  const once = (instant: number): string => {
    const date = new Date(instant * 1_000);
    const fields = [
      date.getUTCSeconds(),
      date.getUTCMinutes(),
      date.getUTCHours(),
      date.getUTCDate(),
      date.getUTCMonth() + 1,
    ];
    return `${fields.join(' ')} *`;
  };
  const sync = (...definitions: ReadyScheduleDefinition[]) =>
    syncSchedules(schedules, definitions, nowSeconds(), logger);

  it(`fire at our instants for 400 days in ${ZONES.length} zones`, async () => {
    const all = ZONES.map((zone) => ready({ id: zone.toLowerCase().replaceAll(/[/_]/g, '-'), zone, at: '02:30' }));
    const now = nowSeconds();
    await sync(...all);
    for (const { definition, points, zone } of all) {
      const ours = firingsUntil(points.points, zone, points.policy, now + 60, now + 399 * DAY).map(({ at }) => at);
      const theirs = await schedules.matching(definition.id, now + 60, now + 399 * DAY);
      assert.deepEqual(theirs.map(instantText), ours.map(instantText), definition.zone);
    }
    assert.ok((await sync(...all)).every(({ did }) => did === 'keep'));
    assert.ok((await sync()).every(({ did }) => did === 'orphan'));
    for (const { definition } of all) await schedules.remove(definition.id);
    assert.deepEqual(await schedules.list(), []);
  });

  it('become one event each, named by the local time that was meant', async () => {
    const due = nowSeconds() + 4;
    await sync(ready({ id: 'soon', zone: 'UTC', cron: once(due), data: { fleet: 'web' } }));
    const ids = await until('the event', async () => {
      const found = await stored('soon');
      return found.length > 0 ? found : null;
    });
    assert.deepEqual(ids, [`schedule/soon/${readingText(due)}`]);
  });

  it('lose nothing and double nothing when the server was away over an instant and the schedule is compiled again', async () => {
    const due = nowSeconds() + 5;
    await sync(ready({ id: 'outage', zone: 'UTC', cron: once(due) }));
    await worker.shutdown();
    await temporal.close();
    await servers.temporal.kill();
    await until('the instant to pass', () => nowSeconds() > due);
    await servers.temporal.start();
    await connect();
    // At once: the server may have acted on it by then, or not.
    const [report] = await sync(ready({ id: 'outage', zone: 'UTC', cron: once(due), data: { changed: true } }));
    assert.equal(report?.did, 'change');
    const expected = [`schedule/outage/${readingText(due)}`];
    await until('the event', async () => (await stored('outage')).length > 0);
    // Everything the server started has ended by then.
    await until('the starts to end', async () => {
      const { count } = await temporal.client.workflow.count(
        "WorkflowType = 'scheduleFired' AND ExecutionStatus = 'Running'",
      );
      return count === 0;
    });
    assert.deepEqual([...new Set(await stored('outage'))], expected);
  });

  it('fire once when new zone data moves an instant that has fired', async () => {
    const due = nowSeconds() + 4;
    const offsetOf = (offset: number, tzdb: string): ZoneData => {
      const record = { first: offset, transitions: [], rule: '', knownUntil: Infinity };
      return { ...zones, tzdb, zone: (id) => createZone(id, tzdb, record) };
    };
    // The wall shows two hours more than UTC, and by the newer data only one: the same reading comes an hour later.
    const local = once(due + 7_200);
    await sync(ready({ id: 'moved', zone: 'Europe/Moved', cron: local }, offsetOf(7_200, '2026a')));
    const expected = [`schedule/moved/${readingText(due + 7_200)}`];
    await until('the event', async () => (await stored('moved')).length > 0);
    await until('the server to say so', async () => ((await schedules.read('moved'))?.lastFired ?? 0) === due);
    const moved = ready({ id: 'moved', zone: 'Europe/Moved', cron: local }, offsetOf(3_600, '2026b'));
    await sync(moved);
    assert.deepEqual(await schedules.matching('moved', due, due + DAY), []);
    // And once more, when nothing is left of the old names.
    await sync(moved);
    assert.deepEqual(await schedules.matching('moved', due, due + DAY), []);
    assert.deepEqual(await stored('moved'), expected);
  });

  it('can be looked at and changed by commands', async () => {
    const file = join(servers.dir, 'tocsin.yaml');
    writeFileSync(
      file,
      [
        'regions: [eu]',
        'schedules:',
        '  - { id: nightly, zone: America/New_York, cron: 30 2 * * * }',
        '  - { id: weekly, zone: Europe/Berlin, at: ["03:00"], weekdays: sun, jitter: 5m }',
      ].join('\n'),
    );
    const env = { ...process.env, TEMPORAL_ADDRESS: servers.temporalAddress, NATS_URL: servers.natsUrl };
    const tocsin = (...args: string[]) => cli(env, '--json', '--config', file, 'schedule', ...args);
    const preview = await tocsin('preview', 'nightly', '--days', '400');
    const { instants } = preview.json as { instants: { note: string; nominal: string; local: string }[] };
    const moved = instants.filter(({ note }) => note !== '');
    // The second Sunday of March has no 02:30 in New York.
    assert.equal(moved.length, 1);
    assert.match(moved[0]?.note ?? '', /02:30:00 does not exist that day/);
    assert.match(moved[0]?.local ?? '', /T03:30:00-04:00\[America\/New_York\]$/);
    assert.equal((await tocsin('diff')).code, 1, 'nothing is on the server yet');
    await sync(
      ready({ id: 'nightly', zone: 'America/New_York', cron: '30 2 * * *' }),
      ready({ id: 'weekly', zone: 'Europe/Berlin', at: ['03:00'], weekdays: 'sun', jitterSeconds: 300 }),
    );
    const diff = await tocsin('diff');
    assert.equal(diff.code, 0, diff.stdout);
    assert.equal((await tocsin('pause', 'weekly', '--why', 'change freeze')).code, 0);
    const { schedules: listed } = (await tocsin('list')).json as { schedules: { id: string; state: string }[] };
    assert.deepEqual(
      listed.map(({ id, state }) => [id, state]),
      [
        ['nightly', 'active'],
        ['weekly', 'change freeze'],
      ],
    );
    assert.equal((await tocsin('resume', 'weekly')).code, 0);
    const backfill = await tocsin(
      'backfill',
      'nightly',
      '--from',
      '2026-11-20T00:00:00Z',
      '--to',
      '2026-11-21T00:00:00Z',
    );
    assert.equal(backfill.code, 0, backfill.stdout);
    assert.equal((await tocsin('pause', 'absent')).code, 2);
    assert.equal((await tocsin('backfill', 'nightly', '--from', 'x', '--to', 'y')).code, 2);
    assert.equal((await tocsin('remove', 'weekly')).code, 0);
    assert.equal((await tocsin('diff')).code, 1);
  });
});
