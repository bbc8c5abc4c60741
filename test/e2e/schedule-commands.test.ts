/** `tocsin schedule` and what `tocsin doctor` says of schedules, as commands against real servers. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createOperatorLog } from '../../triggers/path/operator-log.ts';
import { compileSchedule } from '../../triggers/schedules/compiled-schedule.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { REGION, type ScheduleLab, nowSeconds, ready, startScheduleLab } from '../support/schedule-lab.ts';

const NIGHTLY = { id: 'nightly', zone: 'America/New_York', cron: '30 2 * * *' };
const WEEKLY = { id: 'weekly', zone: 'Europe/Berlin', at: ['03:00'], weekdays: 'sun', jitterSeconds: 300 };
const HOURLY = { id: 'hourly', zone: 'UTC', cron: '0 * * * *' };

describe('schedules by commands', () => {
  let lab: ScheduleLab;
  before(async () => {
    lab = await startScheduleLab();
    await lab.sync(ready(NIGHTLY), ready(WEEKLY), ready(HOURLY));
  });
  after(() => lab?.stop());

  const run = (file: string, ...args: string[]): Promise<CliResult> => {
    const env = { ...process.env, TEMPORAL_ADDRESS: lab.servers.temporalAddress, NATS_URL: lab.servers.natsUrl };
    return cli(env, '--json', '--config', file, ...args);
  };
  const configured = (name: string, ...more: string[]): string => {
    const file = join(lab.servers.dir, name);
    const lines = [
      'regions: [eu]',
      'schedules:',
      '  - { id: nightly, zone: America/New_York, cron: 30 2 * * * }',
      '  - { id: weekly, zone: Europe/Berlin, at: ["03:00"], weekdays: sun, jitter: 5m }',
      '  - { id: hourly, zone: UTC, cron: 0 * * * * }',
    ];
    writeFileSync(file, [...lines, ...more].join('\n'));
    return file;
  };
  const tocsin = (...args: string[]): Promise<CliResult> => run(configured('tocsin.yaml'), 'schedule', ...args);
  const backfill = (id: string, from: string, to: string): Promise<CliResult> =>
    tocsin('backfill', id, '--from', from, '--to', to);
  const events = (id: string, ...readings: string[]): string[] => readings.map((each) => `schedule/${id}/${each}`);

  it('preview tells every instant, and what the clock makes of it', async () => {
    const { json } = await tocsin('preview', 'nightly', '--days', '400');
    const { instants } = json as { instants: { note: string; nominal: string; local: string }[] };
    const moved = instants.filter(({ note }) => note !== '');
    // The second Sunday of March has no 02:30 in New York.
    assert.equal(moved.length, 1);
    assert.match(moved[0]?.note ?? '', /02:30:00 does not exist that day/);
    assert.match(moved[0]?.local ?? '', /T03:30:00-04:00\[America\/New_York\]$/);
  });

  it('one that cannot be read is named, and does not stand in the way of the others', async () => {
    const file = configured('gone.yaml', '  - { id: gone, zone: Europe/Gone, cron: 0 1 * * * }');
    const good = await run(file, 'schedule', 'preview', 'nightly', '--days', '2');
    assert.equal(good.code, 0, good.stderr);
    const gone = await run(file, 'schedule', 'preview', 'gone', '--days', '2');
    assert.equal(gone.code, 2);
    assert.match(gone.stdout, /schedule gone cannot be read: \\"Europe\/Gone\\" is no zone/);
    const { schedules, unreadable } = (await run(file, 'schedule', 'list')).json as {
      schedules: { id: string }[];
      unreadable: { id: string; why: string }[];
    };
    assert.deepEqual([schedules.length, unreadable.map(({ id }) => id)], [3, ['gone']]);
    assert.match(unreadable[0]?.why ?? '', /"Europe\/Gone" is no zone/);
    const diff = await run(file, 'schedule', 'diff');
    assert.equal(diff.code, 1);
    const differences = (diff.json as { schedules: { id: string; unreadable: string | null }[] }).schedules;
    assert.deepEqual(
      differences.filter((each) => each.unreadable !== null).map(({ id }) => id),
      ['gone'],
    );
  });

  it('diff and doctor agree with the server about what fires a thousand times and more, and name what differs', async () => {
    const told = async (): Promise<string[]> => {
      const found = (await run(configured('tocsin.yaml'), 'doctor')).json as {
        area: string;
        severity: string;
        what: string;
      }[];
      return found.flatMap(({ area, severity, what }) => (area === 'schedules' ? [`${severity}: ${what}`] : []));
    };
    const agreed = await tocsin('diff');
    assert.equal(agreed.code, 0, agreed.stdout);
    for (const line of await told()) assert.match(line, /^ok: schedule \w+ agrees with the calendar, \d+ instants$/);
    // Half an hour later than it is defined.
    const now = nowSeconds();
    await lab.schedules().update(compileSchedule(ready({ ...HOURLY, cron: '30 */2 * * *' }), now, now));
    const differs = await tocsin('diff');
    assert.equal(differs.code, 1);
    const { schedules } = differs.json as { schedules: { id: string; missing: string[]; extra: string[] }[] };
    const hourly = schedules.find(({ id }) => id === 'hourly');
    assert.ok(hourly !== undefined && hourly.missing.every((instant) => instant.endsWith(':00:00Z')));
    assert.ok(hourly.extra.every((instant) => instant.endsWith(':30:00Z')));
    assert.ok(hourly.missing.length > 9_000 && hourly.extra.length > 4_500);
    const lines = await told();
    assert.equal(lines.filter((line) => line.startsWith('ok: ')).length, 2);
    assert.ok(
      lines.includes(
        `error: schedule hourly differs from the calendar: ${hourly.missing.length} instants missing, ${hourly.extra.length} extra`,
      ),
      lines.join('\n'),
    );
    await lab.schedules().remove('hourly');
    assert.ok((await told()).includes('error: schedule hourly is not on the server'));
    assert.equal((await tocsin('diff')).code, 1);
  });

  it('pause and resume are seen in the list', async () => {
    assert.equal((await tocsin('pause', 'weekly', '--why', 'change freeze')).code, 0);
    const states = async (): Promise<string[][]> => {
      const { schedules } = (await tocsin('list')).json as { schedules: { id: string; state: string }[] };
      return schedules.filter(({ id }) => id !== 'hourly').map(({ id, state }) => [id, state]);
    };
    assert.deepEqual(await states(), [
      ['nightly', 'active'],
      ['weekly', 'change freeze'],
    ]);
    assert.equal((await tocsin('resume', 'weekly')).code, 0);
    assert.deepEqual((await states())[1], ['weekly', 'active']);
    assert.equal((await tocsin('pause', 'absent')).code, 2);
  });

  it('backfill stores the events of the past, by their local times, and twice the same', async () => {
    // Over the Sunday on which 02:30 does not exist; both ends count.
    const span = ['2026-03-07T07:30:00Z', '2026-03-09T06:30:00Z'] as const;
    const expected = events('nightly', '2026-03-07T02:30:00', '2026-03-08T02:30:00', '2026-03-09T02:30:00');
    const first = await backfill('nightly', ...span);
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual((first.json as { events: string[] }).events, expected);
    const stored = await lab.stored('nightly');
    assert.deepEqual(
      stored.map(({ id, time }) => [id, time]),
      expected.map((id, index) => [
        id,
        ['2026-03-07T07:30:00Z', '2026-03-08T07:30:00Z', '2026-03-09T06:30:00Z'][index],
      ]),
    );
    assert.equal((await backfill('nightly', ...span)).code, 0);
    assert.deepEqual([...new Set(await lab.ids('nightly'))], expected);
    const acts: string[] = [];
    for await (const { what, where } of createOperatorLog(lab.log, REGION).read()) acts.push(`${where}: ${what}`);
    const line = `nightly: schedule: filled in from ${span[0]} to ${span[1]}`;
    assert.deepEqual(
      acts.filter((act) => act.startsWith('nightly')),
      [line, line],
    );
  });

  it('backfill needs no schedule on the server, and counts elapsed time as the schedule does', async () => {
    const file = configured('probe.yaml', '  - { id: probe, zone: UTC, every: 90m }');
    const span = ['--from', '2026-03-01T00:00:00Z', '--to', '2026-03-01T03:00:00Z'];
    assert.equal((await run(file, 'schedule', 'backfill', 'probe', ...span)).code, 0);
    const expected = events('probe', '2026-03-01T00:00:00', '2026-03-01T01:30:00', '2026-03-01T03:00:00');
    assert.deepEqual(await lab.ids('probe'), expected);
  });

  it('backfill of nothing fails with the reason, and stores no event and no act', async () => {
    const nothing = await backfill('weekly', '2026-03-02T00:00:00Z', '2026-03-07T00:00:00Z');
    assert.equal(nothing.code, 1);
    const { reason, events: none } = nothing.json as { reason: string; events: string[] };
    assert.deepEqual([reason, none], ['nothing is due from 2026-03-02T00:00:00Z to 2026-03-07T00:00:00Z', []]);
    assert.deepEqual(await lab.ids('weekly'), []);
    for await (const { what } of createOperatorLog(lab.log, REGION).read()) assert.doesNotMatch(what, /2026-03-02/);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    for (const [id, from, to, why] of [
      ['nightly', 'x', 'y', /--from/],
      ['nightly', '2026-03-07T00:00:00Z', '2026-03-07T00:00:00Z', /is not before/],
      ['nightly', '2026-03-07T00:00:00Z', tomorrow, /is to come/],
      ['absent', '2026-03-07T00:00:00Z', '2026-03-08T00:00:00Z', /absent.* is not defined; expected one of nightly/],
    ] as const) {
      const { code, stdout } = await backfill(id, from, to);
      assert.equal(code, 2);
      assert.match(stdout, why);
    }
  });

  it('remove takes it from the server until it is brought in line again', async () => {
    assert.equal((await tocsin('remove', 'weekly')).code, 0);
    assert.ok(!(await lab.schedules().list()).includes('weekly'));
  });
});
