/** When the keeper looks, and what it does of it: at once, daily, with new zone data, after an outage, and beside a definition that cannot be read. */
import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { CalendarError } from '../../../activities/calendar/calendar-error.ts';
import { expandCalendars } from '../../../activities/calendar/compile-calendars.ts';
import { instantText, readInstantText } from '../../../activities/calendar/instant-text.ts';
import { type ZoneData, openZoneData } from '../../../activities/calendar/zone-data.ts';
import { createZone } from '../../../activities/calendar/zone.ts';
import type { ScheduleDefinition } from '../../../triggers/schedules/schedule-definition.ts';
import { createScheduleKeeper } from '../../../triggers/schedules/schedule-keeper.ts';
import { schedulesInMemory } from '../../support/schedules-in-memory.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const START_MS = readInstantText('2026-11-25T12:00:00Z') * 1_000;
const zones = openZoneData();
const nightly = (id: string, zone = 'America/New_York'): ScheduleDefinition => ({
  id,
  zone,
  region: 'eu',
  cron: '30 2 * * *',
  catchUpSeconds: 86_400,
});

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly schedule?: string;
  readonly did?: string;
  readonly why?: string;
}

/** A keeper whose time passes when it is told to. */
function lab(t: TestContext, definitions: readonly ScheduleDefinition[], serverAheadMs = 0) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: START_MS });
  const server = schedulesInMemory();
  const lines: Line[] = [];
  const world = { zones };
  const keeper = createScheduleKeeper({
    server,
    definitions,
    zones: () => world.zones,
    logger: pino({}, { write: (line) => void lines.push(JSON.parse(line) as Line) }),
    serverAheadMs: () => Promise.resolve(serverAheadMs),
  });
  t.after(() => keeper.close());
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  };
  return {
    server,
    lines,
    world,
    keeper,
    start: () => {
      keeper.start();
      return settle();
    },
    /** Look by look. */
    pass: async (ms: number, stepMs = MINUTE_MS) => {
      for (let passed = 0; passed < ms; passed += stepMs) {
        t.mock.timers.tick(stepMs);
        await settle();
      }
    },
    said: (did: string) => lines.filter((line) => line.did === did).map(({ schedule }) => schedule),
  };
}

/** The same ids; of these zones another release says something else, or nothing. */
const changed = (tzdb: string, zone: ZoneData['zone']): ZoneData => ({ ...zones, tzdb, zone });
const hoursWest = (hours: number, tzdb: string): ZoneData =>
  changed(tzdb, (id) =>
    createZone(id, tzdb, { first: -hours * 3_600, transitions: [], rule: '', knownUntil: Infinity }),
  );

describe('the keeper of schedules', () => {
  it('creates what is defined at once, and then asks nothing of the server for a day', async (t) => {
    const { server, start, pass } = lab(t, [nightly('a'), nightly('b')]);
    await start();
    assert.deepEqual(server.changes, ['create a', 'create b']);
    const asked = server.calls();
    await pass(DAY_MS - 2 * MINUTE_MS);
    assert.equal(server.calls(), asked);
    await pass(3 * MINUTE_MS);
    assert.ok(server.calls() > asked, 'a day has passed');
    assert.deepEqual(server.changes, ['create a', 'create b']);
  });

  for (const [why, aheadMs] of [
    ['ahead', -3 * DAY_MS],
    ['behind', 3 * DAY_MS],
  ] as const)
    it(`on a host whose clock is three days ${why} goes by the clock of the server that fires`, async (t) => {
      const { server, start } = lab(t, [nightly('a')], aheadMs);
      const now = (START_MS + aheadMs) / 1_000;
      await start();
      assert.equal(server.stored.get('a')?.names.from, now);
      const [first] = expandCalendars(server.stored.get('a')?.spec.calendars ?? []);
      assert.equal(instantText(first ?? 0), instantText(now + 19.5 * 3_600), 'the very next 02:30 of New York');
    });

  it('lengthens the calendars before they end, day by day', async (t) => {
    const { server, start, pass, said } = lab(t, [nightly('a')]);
    await start();
    const before = server.stored.get('a')?.names.until ?? 0;
    await pass(29 * DAY_MS, DAY_MS);
    assert.deepEqual(server.changes, ['create a']);
    await pass(3 * DAY_MS, DAY_MS);
    assert.deepEqual(server.changes.slice(0, 2), ['create a', 'update a']);
    assert.deepEqual(said('append').slice(0, 1), ['a']);
    assert.ok((server.stored.get('a')?.names.until ?? 0) > before + 29 * 86_400);
  });

  it('moves the instants with the next look after new zone data', async (t) => {
    const { server, world, start, pass, lines } = lab(t, [nightly('a')]);
    world.zones = hoursWest(5, '2026a');
    await start();
    world.zones = hoursWest(4, '2026b');
    await pass(MINUTE_MS);
    assert.deepEqual(server.changes, ['create a', 'update a']);
    assert.equal(server.stored.get('a')?.names.tzdb, '2026b');
    const line = lines.find(({ did }) => did === 'change');
    assert.equal(line?.why, 'tzdb 2026b moves instants that 2026a had put elsewhere');
  });

  it('takes replaced files of the same release for new zone data', async (t) => {
    const { server, world, start, pass } = lab(t, [nightly('a')]);
    world.zones = hoursWest(5, '2026a');
    await start();
    world.zones = hoursWest(4, '2026a');
    await pass(MINUTE_MS);
    assert.deepEqual(server.changes, ['create a', 'update a']);
  });

  it('tries again every few seconds while the server is away, and ends when it is closed', async (t) => {
    const { server, start, pass, lines, keeper } = lab(t, [nightly('a')]);
    server.away = true;
    await start();
    await pass(30_000, 5_000);
    const warnings = lines.filter(({ msg }) => /will be tried again/.test(msg));
    assert.equal(warnings.length, 7);
    server.away = false;
    await pass(5_000, 5_000);
    assert.deepEqual(server.changes, ['create a']);
    server.away = true;
    await keeper.close();
    const asked = server.calls();
    await pass(2 * DAY_MS, DAY_MS);
    assert.equal(server.calls(), asked);
  });

  it('names the definition that cannot be read, once, and keeps the others', async (t) => {
    const { server, world, start, pass, lines, said } = lab(t, [
      nightly('good'),
      nightly('gone', 'Europe/Gone'),
      { ...nightly('often'), cron: '* * * * * *' },
      nightly('also-good'),
    ]);
    await start();
    assert.deepEqual(server.changes, ['create good', 'create also-good']);
    assert.deepEqual(said('unreadable'), ['gone', 'often']);
    const line = lines.find(({ schedule }) => schedule === 'gone');
    assert.match(line?.msg ?? '', /^schedule gone cannot be read/);
    assert.match(line?.why ?? '', /"Europe\/Gone" is no zone/);
    await pass(10 * MINUTE_MS);
    assert.equal(said('unreadable').length, 2);
    world.zones = changed('2027a', (id) => zones.zone(id === 'Europe/Gone' ? 'Europe/Berlin' : id));
    await pass(MINUTE_MS);
    assert.ok(server.changes.includes('create gone'));
  });

  it('leaves what was compiled of a zone that vanishes as it is, and does not call it undefined', async (t) => {
    const { server, world, start, pass, said } = lab(t, [nightly('berlin', 'Europe/Berlin'), nightly('a')]);
    await start();
    const before = server.stored.get('berlin');
    world.zones = changed('2027a', (id) => zones.zone(id === 'Europe/Berlin' ? 'Europe/Gone' : id));
    await pass(MINUTE_MS);
    assert.deepEqual([said('unreadable'), said('orphan')], [['berlin'], []]);
    assert.equal(server.stored.get('berlin'), before);
    world.zones = zones;
    await pass(MINUTE_MS);
    assert.deepEqual(said('unreadable'), ['berlin']);
    assert.deepEqual(server.changes, ['create berlin', 'create a']);
  });

  it('looks again at what could not be read, although the zone data is the same', async (t) => {
    const { server, world, start, pass, said } = lab(t, [nightly('berlin', 'Europe/Berlin')]);
    let broken = true;
    world.zones = changed('2027a', (id) => {
      if (broken) throw new CalendarError('zone-data-broken', `zone ${id} cannot be read: it is being written`);
      return zones.zone(id);
    });
    await start();
    assert.deepEqual([said('unreadable'), server.changes], [['berlin'], []]);
    broken = false;
    await pass(MINUTE_MS);
    assert.deepEqual(server.changes, ['create berlin']);
  });

  it('warns of a schedule that nobody defines here, and leaves it', async (t) => {
    const first = lab(t, [nightly('old')]);
    await first.start();
    const stored = first.server.stored.get('old');
    assert.ok(stored !== undefined);
    t.mock.timers.reset();
    const { server, start, said } = lab(t, [nightly('new')]);
    await server.create({ ...stored, silent: [] });
    await start();
    assert.deepEqual(said('orphan'), ['old']);
    assert.deepEqual(server.changes, ['create old', 'create new']);
  });
});
