import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { Type } from 'typebox';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { createWindows } from '../../activities/windows/windows.ts';
import type { During, Trigger } from '../../triggers/define-trigger.ts';
import { alertType } from '../../triggers/events/event-type.ts';
import type { Disposition, EventRecord } from '../../triggers/path/disposition.ts';
import { type Control, NO_CONTROL } from '../../triggers/path/control.ts';
import { plan } from '../../triggers/path/planner.ts';
import { LogUnavailable, MessageRefused } from '../../triggers/nats/errors.ts';
import { createWindowRelease } from '../../triggers/path/window-release.ts';
import { duringProblems } from '../../workers/windows/during-problems.ts';
import { alertEvent, at } from '../support/events.ts';

const zones = openZoneData({ env: process.env });
const windows = createWindows(
  {
    windows: {
      nights: { zone: 'America/Vancouver', times: ['02:00-05:00'] },
      'never-known': { zone: 'Europe/Nowhere', times: ['02:00-05:00'] },
      local: { times: ['02:00-05:00'] },
    },
  },
  () => zones,
  (region) => ({ eu: 'Europe/Berlin', us: 'America/New_York' })[region],
);

const trigger = (during: string | During): Trigger => ({
  id: 'restart',
  on: alertType('ServiceDown', Type.Object({ service: Type.String() })),
  run: 'restartService',
  during,
  input: () => ({}) as never,
});

function outcome(during: string | During, instant: string, control: Control = NO_CONTROL, known = true) {
  const storedAt = Date.parse(instant);
  const position = at(1, storedAt);
  const planned = plan({
    event: alertEvent('firing'),
    position,
    asOf: position,
    triggers: [trigger(during)],
    episode: null,
    handledAt: storedAt,
    control,
    regionOf: () => 'eu',
    reorderBoundMs: 10_000,
    ...(known ? { windowNow: (use, where) => windows.at(use, where, storedAt) } : {}),
  });
  const [settled] = planned.settled;
  return planned.starts.length > 0 ? 'start' : settled;
}

const words = (found: 'start' | Disposition | undefined): string =>
  typeof found === 'object' ? `${found.kind}(${'reason' in found ? found.reason : ''})` : (found ?? 'nothing');

const NIGHT = '2026-11-24T10:30:00Z';
const DAY = '2026-11-24T20:00:00Z';
const TABLE: readonly (readonly [during: string | During, instant: string, expected: string, why: string])[] = [
  ['nights', NIGHT, 'start', 'it is open: 03:30 in Vancouver'],
  ['nights', DAY, 'held(window)', 'it is closed'],
  ['nights', '2026-11-24T12:00:00Z', 'held(window)', 'its end is closed: Vancouver keeps UTC-7 this winter'],
  [{ window: 'nights', otherwise: 'ignore' }, DAY, 'ignored(window)', 'what comes outside of it is ignored'],
  [{ window: 'nights', otherwise: 'ignore' }, NIGHT, 'start', 'and inside it is not'],
  ['never-known', NIGHT, 'held(window)', 'its zone is unknown: closed by doubt'],
  ['nobody-wrote-it', NIGHT, 'held(window)', 'it is not configured: closed by doubt'],
  ['local', '2026-11-24T02:00:00Z', 'start', 'where the run acts: 03:00 in Berlin'],
  [{ window: 'local', region: 'us' }, '2026-11-24T02:00:00Z', 'held(window)', 'in a region of its own: 21:00 there'],
  [{ window: { window: 'local', over: 'any', regions: ['eu', 'us'] } }, '2026-11-24T08:00:00Z', 'start', 'open in one'],
];

describe('during', () => {
  for (const [during, instant, expected, why] of TABLE)
    it(`${JSON.stringify(during)} at ${instant}: ${expected}, ${why}`, () =>
      assert.equal(words(outcome(during, instant)), expected));

  it('says what would run, why not, and when it opens', () => {
    const held = outcome('nights', DAY);
    assert.ok(typeof held === 'object' && held.kind === 'held');
    assert.match(held.detail, /^would run restartService as restart\//);
    assert.match(held.detail, /window nights in eu is closed: .*opens 2026-11-25T02:00:00-07:00\[America\/Vancouver\]/);
    assert.deepEqual(held.window, { use: 'nights', where: 'eu', opensAt: '2026-11-25T09:00:00.000Z' });
  });

  it('is closed where no windows are known at all', () => {
    assert.equal(words(outcome('nights', NIGHT, NO_CONTROL, false)), 'held(window)');
  });

  it('a pause and a mode count before the hour', () => {
    const control = (change: object): Control => ({
      ...NO_CONTROL,
      triggers: { restart: { mode: 'auto', paused: null, pausedAt: null, ...change } },
    });
    assert.equal(words(outcome('nights', NIGHT, control({ paused: 'hold' }))), 'held(paused)');
  });

  it('check names windows and regions that are not configured', () => {
    const config = { windows: { nights: {} }, regions: ['eu'] };
    assert.deepEqual(duringProblems([trigger('nights'), trigger({ window: 'nights', region: 'eu' })], config), []);
    assert.deepEqual(duringProblems([trigger('nigths'), trigger({ window: 'nights', region: 'us' })], config), [
      'trigger restart: during: window "nigths" is not configured, expected one of nights',
      'trigger restart: during: region "us" is not configured, expected one of eu',
    ]);
  });
});

describe('what a closed window holds', () => {
  const held = (sequence: number, key = 'a', generation = 1): EventRecord => {
    const window = { use: 'nights', where: 'eu' };
    return recordOf(sequence, key, generation, {
      trigger: 'restart',
      kind: 'held',
      reason: 'window',
      detail: '',
      window,
    });
  };
  const started = (sequence: number, key = 'a'): EventRecord =>
    recordOf(sequence, key, 1, { trigger: 'restart', kind: 'started', workflowId: 'w', runId: 'r', generation: 1 });
  const closed = (sequence: number, key = 'a'): EventRecord => ({
    ...recordOf(sequence, key, 1),
    episode: { effect: 'closed', generation: 1 },
  });
  const recordOf = (
    sequence: number,
    key: string,
    generation: number,
    ...dispositions: Disposition[]
  ): EventRecord => ({
    kind: 'event',
    position: at(sequence),
    event: { id: `${key}-${sequence}`, type: '', source: '', alertKey: key, title: null, labels: {} },
    episode: { effect: 'joined', generation },
    dispositions,
    triggerSet: '',
    recordedAt: '',
    recordedBy: '',
  });

  function given(
    records: EventRecord[],
    { perMinute = 60, open = 'open' as 'open' | 'closed', refused = null as Error | null } = {},
  ) {
    const put: string[] = [];
    const clock = { now: Date.parse(DAY) };
    const release = createWindowRelease({
      region: 'eu',
      log: {
        get: (stream, sequence) =>
          Promise.resolve({ ...at(sequence), stream, subject: 's', headers: {}, data: new Uint8Array() }),
        publish: (_subject, _data, options) => {
          if (refused !== null && options?.msgId === name(1)) return Promise.reject(refused);
          put.push(options?.msgId ?? '');
          return Promise.resolve({ stream: '', sequence: 0, duplicate: false });
        },
      },
      ledger: {
        read: async function* () {
          for (const record of records) yield await Promise.resolve(record);
        },
      },
      book: {
        read: (alertKey) =>
          Promise.resolve({
            episode: {
              alertKey,
              generation: 1,
              status: open,
              openedBy: null,
              lastResolve: null,
              triggers: {},
              writtenAt: 0,
            },
            revision: 1,
          }),
      },
      windows,
      perMinute,
      logger: pino({ level: 'silent' }),
      now: () => clock.now,
    });
    return { put, clock, release, records };
  }
  const name = (sequence: number): string => `put-back:EVENTS_EU:${sequence}:restart`;

  it('stays while it is closed, and is put back once when it opens: the newest event of each alert', async () => {
    const { put, clock, release } = given([held(1), held(2, 'b'), held(3)]);
    assert.equal(await release.look(), 0);
    clock.now = Date.parse(NIGHT) + 86_400_000;
    assert.equal(await release.look(), 2);
    assert.equal(await release.look(), 0);
    assert.deepEqual(put, [name(3), name(2)]);
  });

  it('is left alone when it has started, resolved, or belongs to an episode before', async () => {
    const { put, clock, release } = given([held(1), started(2), held(3, 'b'), closed(4, 'b'), held(5, 'c', 7)]);
    clock.now = Date.parse(NIGHT);
    assert.equal(await release.look(), 0);
    assert.deepEqual(put, []);
    const over = given([held(1)], { open: 'closed' });
    over.clock.now = Date.parse(NIGHT);
    assert.equal(await over.release.look(), 0, 'the book knows of a resolve whose record is still to come');
  });

  it('that is held once more, because the window closed meanwhile, comes with the next opening', async () => {
    const { put, clock, release, records } = given([held(1)]);
    clock.now = Date.parse(NIGHT);
    await release.look();
    records.push(held(9));
    await release.look();
    assert.deepEqual(put, [name(1), name(9)]);
  });

  it('and can never be put back holds up none of the others', async () => {
    const { put, clock, release } = given([held(1), held(2, 'b')], { refused: new MessageRefused('too large') });
    clock.now = Date.parse(NIGHT);
    await release.look();
    assert.deepEqual(put, [name(2)]);
  });

  it('waits with all of them while the log is away', async () => {
    const { put, clock, release } = given([held(1), held(2, 'b')], { refused: new LogUnavailable('away') });
    clock.now = Date.parse(NIGHT);
    await assert.rejects(release.look(), LogUnavailable);
    assert.deepEqual(put, []);
  });

  it('is let go at a pace, and all of it in the end', async () => {
    const { clock, release } = given(
      Array.from({ length: 10 }, (_, index) => held(index + 1, `key-${index}`)),
      { perMinute: 16 },
    );
    clock.now = Date.parse(NIGHT);
    const counts = [await release.look(), await release.look(), await release.look(), await release.look()];
    assert.deepEqual(counts, [4, 4, 2, 0]);
  });
});
