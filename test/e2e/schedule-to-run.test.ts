/**
 * The whole way of an instant, with the roles as users start them: a schedule of the code and one of `tocsin.yaml` become Temporal Schedules,
 * whose actions publish events, which triggers turn into runs that complete.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventStream } from '../../triggers/nats/subject.ts';
import { cli } from '../support/cli.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const IDS = ['in-code', 'in-yaml'] as const;
/** Of each schedule. */
const INSTANTS = 2;
const PLACES = { 'in-code': ['Asia/Kathmandu', 20_700], 'in-yaml': ['UTC', 0] } as const;

/** Every ten seconds of today and tomorrow, as the wall shows them there. */
function everyTenSeconds(offset: number): string {
  const days = [0, 1].map((ahead) => new Date(Date.now() + offset * 1_000 + ahead * 86_400_000));
  const list = (of: (day: Date) => number): string => [...new Set(days.map(of))].toSorted((a, b) => a - b).join();
  const [dates, months] = [list((day) => day.getUTCDate()), list((day) => day.getUTCMonth() + 1)];
  return `*/10 * * ${dates} ${months} ? ${list((day) => day.getUTCFullYear())}`;
}

interface Fired {
  readonly id: string;
  readonly data: { readonly schedule: string; readonly nominal: string; readonly due: string; readonly data?: unknown };
}

describe('from a schedule to a run', () => {
  const notes = mkdtempSync(join(tmpdir(), 'tocsin-timed-'));
  const file = join(notes, 'notes');
  let tocsin: Installation;
  before(async () => {
    tocsin = await startInstallation({
      env: {
        TOCSIN_PROJECT: join(import.meta.dirname, '../support/timed-project'),
        TIMED_CRON: everyTenSeconds(PLACES['in-code'][1]),
        TIMED_NOTES: file,
      },
      config: () => ({
        windows: { always: { times: ['00:00-24:00'], zone: 'UTC' } },
        schedules: [{ id: 'in-yaml', zone: 'UTC', cron: everyTenSeconds(0), data: { from: 'yaml' } }],
      }),
    });
    await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
  });
  after(async () => {
    await tocsin?.stop();
    rmSync(notes, { recursive: true, force: true });
  });

  const fired = async (): Promise<readonly Fired[]> => {
    const found: Fired[] = [];
    for await (const { data } of tocsin.log.read({ stream: eventStream(tocsin.region) }))
      found.push(JSON.parse(Buffer.from(data).toString()) as Fired);
    return found;
  };
  /** When they were due. */
  const actionsOf = async (id: string): Promise<readonly string[]> => {
    const { info } = await tocsin.client.schedule.getHandle(`tocsin/${id}`).describe();
    return info.recentActions.map(({ scheduledAt }) => scheduledAt.toISOString().replace('.000', ''));
  };
  const noted = (): readonly string[] =>
    existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : [];

  it('both kinds are on the server, their instants become events, and each event one run that completes', async () => {
    const of = (id: string, lines: readonly string[]) => lines.filter((line) => line.startsWith(`${id}/`));
    await until('runs of both have acted', () => IDS.every((id) => of(id, noted()).length >= INSTANTS));
    const listed = (await cli(tocsin.env, '--json', 'schedule', 'list')).json as { schedules: { id: string }[] };
    assert.deepEqual(listed.schedules.map(({ id }) => id).toSorted(), [...IDS]);
    // No instant comes after this, so that everything can be counted.
    for (const id of IDS) assert.equal((await cli(tocsin.env, 'schedule', 'pause', id)).code, 0);
    const dues = await until('all that the server did is decided', async () => {
      const did = await Promise.all(IDS.map(actionsOf));
      const [events, records] = [await fired(), await tocsin.records()];
      return records.length === events.length && events.length === did.flat().length ? did : null;
    });

    const events = await fired();
    for (const [index, id] of IDS.entries()) {
      const [zone, offset] = PLACES[id];
      const mine = events.filter(({ data }) => data.schedule === id);
      assert.deepEqual(mine.map(({ data }) => data.due).toSorted(), dues[index]?.toSorted(), `what the server did`);
      for (const { id: event, data } of mine) {
        const nominal = new Date(Date.parse(data.due) + offset * 1_000).toISOString().slice(0, 19);
        assert.deepEqual([event, data.nominal], [`schedule/${id}/${nominal}`, nominal], `local time of ${zone}`);
        assert.deepEqual(data.data, { from: id.slice(3) });
      }
    }
    const started = (await tocsin.records()).flatMap(({ dispositions }) => dispositions);
    const runs = started.map((each) => (each.kind === 'started' ? each.workflowId : assert.fail(each.kind)));
    assert.equal(new Set(runs).size, events.length, 'one run for each event');
    const results = await Promise.all(runs.map((id) => tocsin.client.workflow.getHandle(id).result()));
    const expected = events.map(({ data }) => `${data.schedule}/${data.nominal}`).toSorted();
    assert.deepEqual(results.map((result) => String(result).replace('noted ', '')).toSorted(), expected);
    assert.deepEqual(noted().toSorted(), expected, 'each acted once');
  });
});
