/** Schedules on a real Temporal and a real events log: which instants the server will act on, and that each becomes one event. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import type { Client } from '@temporalio/client';
import { floorMod } from '../../activities/calendar/civil.ts';
import { firingsUntil } from '../../activities/calendar/fire-times.ts';
import { instantText, readingText } from '../../activities/calendar/instant-text.ts';
import { type ZoneData, openZoneData } from '../../activities/calendar/zone-data.ts';
import { type Zone, createZone } from '../../activities/calendar/zone.ts';
import { defineTrigger } from '../../triggers/define-trigger.ts';
import { scheduleFired } from '../../triggers/events/schedule-fired.ts';
import type { Disposition } from '../../triggers/path/disposition.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import { compileSchedule } from '../../triggers/schedules/compiled-schedule.ts';
import { publishSchedule } from '../../triggers/schedules/publish-schedule.ts';
import type { ReadyScheduleDefinition } from '../../triggers/schedules/schedule-definition.ts';
import { regionPath } from '../../workers/region-path.ts';
import { jitterOf } from '../../workflows/engine/schedule-jitter.ts';
import {
  DAY,
  PATIENT_REGION,
  REGION,
  type ScheduleLab,
  nowSeconds,
  once,
  ready,
  startScheduleLab,
} from '../support/schedule-lab.ts';
import { until } from '../support/until.ts';

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

const POLICIES = [
  { onGap: 'shift', onOverlap: 'first' },
  { onGap: 'first_after_gap', onOverlap: 'both' },
  { onGap: 'skip', onOverlap: 'both' },
] as const;

/** Both edges and the middle of what its clock skips or shows twice; a zone without has one that others have. */
function timesOf(zone: Zone, from: number, to: number): string[] {
  const periods = zone.periods(from, to);
  const readings = periods.slice(1).flatMap((period, index) => {
    const [before, after] = [periods[index]?.offset ?? 0, period.offset];
    return [period.from + before, period.from + Math.floor((before + after) / 2), period.from + after];
  });
  const times = readings.map((reading) => readingText(floorMod(reading, DAY)).slice(11, 16));
  return times.length === 0 ? ['02:30'] : [...new Set(times)].toSorted();
}

describe('schedules', () => {
  let lab: ScheduleLab;
  before(async () => {
    lab = await startScheduleLab();
  });
  after(() => lab?.stop());

  it(`fire at our instants for 400 days around the transitions of ${ZONES.length} zones, by every policy`, async () => {
    const now = nowSeconds();
    const all = ZONES.flatMap((name) =>
      POLICIES.map((policy, index) =>
        ready({
          id: `${name.toLowerCase().replaceAll(/[/_]/g, '-')}-${index}`,
          zone: name,
          at: timesOf(zones.zone(name), now, now + 399 * DAY),
          ...policy,
        }),
      ),
    );
    await lab.sync(...all);
    let around = 0;
    for (const { definition, points, zone } of all) {
      const ours = firingsUntil(points.points, zone, points.policy, now + 60, now + 399 * DAY).map(({ at }) => at);
      const theirs = await lab.schedules().matching(definition.id, now + 60, now + 399 * DAY);
      assert.deepEqual(theirs.map(instantText), ours.map(instantText), `${definition.zone} ${definition.onGap}`);
      const transitions = zone.periods(now + DAY, now + 398 * DAY).slice(1);
      for (const { from } of transitions) around += ours.filter((at) => Math.abs(at - from) <= DAY).length;
    }
    assert.ok(around > 500, `${around} instants lie within a day of a transition`);
    assert.ok((await lab.sync(...all)).every(({ did }) => did === 'keep'));
    assert.ok((await lab.sync()).every(({ did }) => did === 'orphan'));
    for (const { definition } of all) await lab.schedules().remove(definition.id);
    assert.deepEqual(await lab.schedules().list(), []);
  });

  it('become one event each, named by the local time that was meant, and may be as late as they say', async () => {
    const due = nowSeconds() + 4;
    await lab.sync(ready({ id: 'soon', zone: 'UTC', cron: once(due), data: { fleet: 'web' }, catchUpSeconds: 5_400 }));
    const description = await lab.temporal().client.schedule.getHandle('tocsin/soon').describe();
    assert.equal(description.policies.catchupWindow, 5_400_000);
    const ids = await until('the event', async () => {
      const found = await lab.ids('soon');
      return found.length > 0 ? found : null;
    });
    assert.deepEqual(ids, [`schedule/soon/${readingText(due)}`]);
  });

  it('come later by their jitter', async () => {
    const jitterSeconds = 3;
    // One of the next instants whose share is more than the second that anything may take.
    const due = [4, 5, 6, 7, 8, 9].map((ahead) => nowSeconds() + ahead).find((each) => delayOf(each) > 1_500);
    assert.ok(due !== undefined);
    function delayOf(each: number): number {
      return jitterOf('spread', each, jitterSeconds);
    }
    await lab.sync(ready({ id: 'spread', zone: 'UTC', cron: once(due), jitterSeconds }));
    const [event] = await until('the event', async () => {
      const found = await lab.stored('spread');
      return found.length > 0 ? found : null;
    });
    assert.equal(event?.time, instantText(due));
    const late = Date.parse(event.recordedtime) - due * 1_000;
    assert.ok(late >= delayOf(due), `${late} ms after its instant, expected ${delayOf(due)} at least`);
  });

  it('give no event while they are paused', async () => {
    const beat = (id: string) => ready({ id, zone: 'UTC', every: '1s', catchUpSeconds: 60 });
    await lab.sync(beat('paused'), beat('going-on'));
    await until('both to fire', async () => {
      const counts = [await lab.ids('paused'), await lab.ids('going-on')].map(({ length }) => length);
      return counts.every((count) => count > 0);
    });
    await lab.schedules().pause('paused', 'a test');
    const from = instantText(nowSeconds() + 1);
    const since = async (id: string): Promise<number> =>
      (await lab.stored(id)).filter(({ time }) => time > from).length;
    await until('the other to fire on', async () => (await since('going-on')) >= 5);
    assert.equal(await since('paused'), 0);
    await lab.schedules().resume('paused', 'a test');
    await until('it to fire again', async () => (await since('paused')) > 0);
    await lab.schedules().remove('paused');
    await lab.schedules().remove('going-on');
  });

  for (const region of [PATIENT_REGION, REGION])
    it(`lose nothing and double nothing in an outage over an instant that ends with a change, region ${region}`, async () => {
      const due = nowSeconds() + 5;
      const id = `outage-${region}`;
      const definition = ready({ id, zone: 'UTC', cron: once(due), region });
      await lab.sync(definition);
      await lab.outage(() => until('the instant to pass', () => nowSeconds() > due));
      // At once: the server may have acted on it by then, or not.
      const changed = ready({ ...definition.definition, data: { changed: true } });
      const [report] = await lab.sync(changed);
      assert.equal(report?.did, 'change');
      await until('the event', async () => (await lab.ids(id, region)).length > 0);
      await untilStartsEnd();
      const stored = await lab.ids(id, region);
      const expected = `schedule/${id}/${readingText(due)}`;
      if (region === PATIENT_REGION) assert.deepEqual(stored, [expected]);
      else {
        // Copies that come further apart are stored, and start nothing.
        await until('a copy', async () => {
          const { names } = compileSchedule(changed, due - 1, due);
          await publishSchedule(lab.log, names, due, new Date().toISOString());
          return (await lab.ids(id, region)).length > stored.length;
        });
        assert.deepEqual([...new Set(await lab.ids(id, region))], [expected]);
        assert.deepEqual(await becomeOfCopies(id), { started: 1, others: (await lab.ids(id, region)).length - 1 });
      }
    });

  /** Everything the server started has ended by then. */
  const untilStartsEnd = (): Promise<unknown> =>
    until('the starts to end', async () => {
      const query = "WorkflowType = 'scheduleFired' AND ExecutionStatus = 'Running'";
      return (await lab.temporal().client.workflow.count(query)).count === 0;
    });

  /** What a trigger makes of the stored events of one schedule, counted in runs as well. */
  async function becomeOfCopies(schedule: string): Promise<{ readonly started: number; readonly others: number }> {
    const path = regionPath(REGION, lab.log);
    const { client } = lab.temporal();
    const process = createTriggerProcess({
      ...path,
      regions: [REGION],
      engine: createEngine({ client, namespace: lab.servers.namespace }),
      triggers: [
        defineTrigger({
          id: 'by-schedule',
          on: scheduleFired,
          match: { schedule },
          run: 'patchFleet',
          input: () => ({}),
        }),
      ],
      options: { reorderBoundMs: 0, maxInFlight: 4, ackWaitMs: 30_000, catchUpPerMinute: 1_200 },
      instance: 'test',
      logger: pino({ level: 'silent' }),
    });
    process.start();
    try {
      const copies = (await lab.ids(schedule)).length;
      const dispositions = await until('every copy to have its record', async () => {
        const found: Disposition[] = [];
        for await (const record of path.ledger.read({}))
          if (record.kind === 'event') found.push(...record.dispositions);
        return found.length >= copies ? found : null;
      });
      const started = dispositions.filter(({ kind }) => kind === 'started').length;
      await until('the runs to be listed', async () => (await runs(client)) > 0);
      assert.equal(await runs(client), started);
      return { started, others: dispositions.length - started };
    } finally {
      await process.close(10_000);
    }
  }

  const runs = async ({ workflow }: Client): Promise<number> =>
    (await workflow.count("WorkflowType = 'patchFleet'")).count;

  it('fire once when new zone data moves an instant that has fired', async () => {
    const due = nowSeconds() + 4;
    const offsetOf = (offset: number, tzdb: string): ZoneData => {
      const record = { first: offset, transitions: [], rule: '', knownUntil: Infinity };
      return { ...zones, tzdb, zone: (id) => createZone(id, tzdb, record) };
    };
    // The wall shows two hours more than UTC, and by the newer data only one: the same reading comes an hour later.
    const local = once(due + 7_200);
    const moving = (data: ZoneData): ReadyScheduleDefinition =>
      ready({ id: 'moved', zone: 'Europe/Moved', cron: local }, data);
    await lab.sync(moving(offsetOf(7_200, '2026a')));
    const expected = [`schedule/moved/${readingText(due + 7_200)}`];
    await until('the event', async () => (await lab.ids('moved')).length > 0);
    await until('the server to say so', async () => ((await lab.schedules().read('moved'))?.lastFired ?? 0) === due);
    // Twice, so that at last nothing is left of the old names.
    for (let time = 0; time < 2; time += 1) {
      await lab.sync(moving(offsetOf(3_600, '2026b')));
      assert.deepEqual(await lab.schedules().matching('moved', due, due + DAY), []);
    }
    assert.deepEqual(await lab.ids('moved'), expected);
  });
});
