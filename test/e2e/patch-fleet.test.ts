import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type TestKit, at, cancelled, resolves } from '../../workers/testing/index.ts';
import { inItsNight, openFleetKit, order, regionsOf, world } from '../support/fleet.ts';
import type * as runbooks from '../../workflows/index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const small = { input: { fleet: 'small' }, timeout: '21 days' } as const;

describe('patchFleet', () => {
  let kit: TestKit<typeof runbooks>;
  before(async () => {
    kit = await openFleetKit();
  });
  after(() => kit?.close());

  it('twelve regions over a weekend of changing clocks: each target in its own night, canary first, with the sun', async () => {
    const { activities, of } = world();
    const run = await kit.run('patchFleet', {
      input: { fleet: 'world' },
      timeout: '21 days',
      at: at('2027-03-26T23:00+01:00[Europe/Berlin]'),
      activities,
    });
    assert.equal(run.failure, null);
    assert.deepEqual([run.report?.outcome, run.report && 'done' in run.report && run.report.done], ['rolled-out', 24]);
    assert.match((run.report && 'report' in run.report && run.report.report) || '', /## Done\n\n- wave canary\n/);
    const patches = of('patch');
    assert.equal(patches.length, 24);
    assert.deepEqual(
      patches.filter((each) => !inItsNight(each)),
      [],
    );
    // Vancouver's night of the 28th follows upon Berlin's, in which clocks changed.
    assert.equal(
      regionsOf(patches).join(' '),
      'mumbai dubai cairo berlin london saopaulo newyork vancouver auckland sydney tokyo singapore',
    );
    const waves = [patches.slice(0, 1), patches.slice(1, 2), ...chunks(patches.slice(2), 2)];
    for (const [index, wave] of waves.entries()) {
      const before = waves[index - 1]?.at(-1);
      if (before !== undefined) assert.ok((wave[0]?.at ?? 0) - before.at >= 30 * MINUTE, 'the soak is kept');
    }
  });

  it('a fleet without targets is told as such, and nothing is done', async () => {
    const { activities, effects } = world();
    const run = await kit.run('patchFleet', { input: { fleet: 'nobody' }, timeout: '21 days', activities });
    assert.deepEqual([run.report?.outcome, effects], ['no-targets', []]);
  });

  it('a fleet that it may not act upon is refused before anything is done, by name (R8)', async () => {
    const { activities, effects } = world();
    const run = await kit.run('patchFleet', { input: { fleet: 'private' }, timeout: '21 days', activities });
    assert.match(
      run.failure ?? '',
      /nothing is done, because berlin\/berlin-q is outside of what runbook patchFleet may act upon: fleet=world\|small/,
    );
    assert.deepEqual(effects, []);
  });

  it('a canary that fails stops it: it is put back, and nobody else is touched', async () => {
    const { activities, of } = world({ sick: ['berlin-x', 'london-x', 'tokyo-x'] });
    const run = await kit.run('patchFleet', { ...small, activities });
    assert.match(
      run.failure ?? '',
      /stopped: in wave canary 1 failed and 0 may\. failed: \w+\/\w+-x \(.*does not answer\)\. done, and left as they are: none\. waves not begun: \w+, \w+, \w+$/,
    );
    assert.equal(of('patch').length, 1);
    assert.equal(of('back').length, 1, 'its undo');
  });

  it('what falls ill during the soak counts against the budget; finished targets stay', async () => {
    const { activities, of } = world({ sickLater: ['berlin-y', 'london-y', 'tokyo-y'] });
    const run = await kit.run('patchFleet', { ...small, activities });
    assert.match(
      run.failure ?? '',
      /in wave \w+ 1 failed and 0 may\. failed: .*-y \(.*after the soak\)\. done, and left as they are: canary 1 of 1\./,
    );
    assert.equal(of('patch').length, 2);
    assert.equal(of('back').length, 2, 'as steps, and not again');
  });

  it('once too many have failed, nobody waits for a window any more', async () => {
    const { activities, of } = world({ sick: ['tokyo-x'] });
    const run = await kit.run('patchWave', {
      input: {
        wave: '100%',
        targets: ['tokyo', 'berlin'].map((region) => ({ name: `${region}-x`, region })),
        window: 'night-patch',
        needMs: 15 * MINUTE,
        parallel: 2,
        soakMs: HOUR,
        mayFail: 0,
      },
      timeout: '7 days',
      at: at('2029-06-01T12:00+02:00[Europe/Berlin]'),
      activities,
    });
    assert.deepEqual(run.report && 'left' in run.report && run.report.left, ['berlin/berlin-x']);
    assert.deepEqual([of('patch').length, run.undone], [1, ['take tokyo-x out of rotation']]);
    assert.match(
      run.report && 'report' in run.report ? run.report.report : '',
      /## Done\n\n- take tokyo-x out of rotation\n[\s\S]*\n## Undone\n\n- take tokyo-x out of rotation$/,
    );
    assert.ok(run.tookMs < 4 * HOUR, `${run.tookMs} ms`);
  });

  it('a window that does not open in time fails its target at once', async () => {
    const { activities, effects } = world();
    const run = await kit.run('patchWave', {
      input: {
        wave: 'berlin',
        targets: [{ name: 'berlin-x', region: 'berlin' }],
        window: 'night-patch',
        needMs: 15 * MINUTE,
        parallel: 1,
        soakMs: 0,
        mayFail: 1,
      },
      timeout: '2 hours',
      at: at('2030-06-01T12:00+02:00[Europe/Berlin]'),
      activities,
    });
    assert.equal(run.failure, null);
    const failed = run.report && 'failed' in run.report ? run.report.failed : [];
    assert.deepEqual([failed.map(({ type }) => type), effects], [['NoOpening'], []]);
    assert.ok(run.tookMs < MINUTE);
  });

  it('what could not be soaked before the wave has to end is not begun', async () => {
    const { activities, effects } = world();
    const wave = {
      wave: 'berlin',
      targets: [{ name: 'berlin-x', region: 'berlin' }],
      window: 'night-patch',
      needMs: 15 * MINUTE,
      parallel: 1,
      soakMs: HOUR,
      mayFail: 1,
    };
    const begun = (timeout: '1h' | '2h', when: string) =>
      kit.run('patchWave', { input: wave, timeout, at: at(when), activities });
    const open = await begun('1h', '2030-06-02T02:00+02:00[Europe/Berlin]');
    assert.deepEqual(open.report && 'left' in open.report && open.report.left, ['berlin/berlin-x']);
    const late = await begun('2h', '2030-06-03T21:00+02:00[Europe/Berlin]');
    const failed = late.report && 'failed' in late.report ? late.report.failed : [];
    assert.deepEqual([failed.map(({ type }) => type), effects], [['NoOpening'], []]);
  });

  it('whose alert is resolved meanwhile ends as such, and calls nobody', async () => {
    const { activities } = world();
    const run = await kit.run('patchFleet', {
      ...small,
      activities,
      at: at('2030-07-01T12:00+02:00[Europe/Berlin]'),
      meanwhile: [resolves('1h')],
    });
    assert.equal(run.failure, null);
    assert.equal(run.report?.outcome, 'resolved-meanwhile');
  });

  it('paused for two nights, it goes on in the next one', async () => {
    const { activities, of } = world();
    const run = await kit.run('patchFleet', {
      ...small,
      activities,
      at: at('2031-06-01T12:00+02:00[Europe/Berlin]'),
      meanwhile: [
        order(1_000, { kind: 'pause' }),
        order(1_000, { kind: 'pause' }, /paused already, by ann: a drill/),
        order(48 * HOUR, { kind: 'resume' }),
        order(0, { kind: 'resume' }, /it is not paused/),
      ],
    });
    assert.equal(run.failure, null);
    const [first] = of('patch');
    assert.ok((first?.at ?? 0) >= at('2031-06-03T12:00+02:00[Europe/Berlin]'));
    assert.deepEqual(
      of('patch').filter((each) => !inItsNight(each)),
      [],
    );
  });

  it('a wave is skipped and others change places, as far as they have not begun', async () => {
    const { activities, of } = world();
    const run = await kit.run('patchFleet', {
      ...small,
      activities,
      at: at('2032-07-01T12:00+02:00[Europe/Berlin]'),
      meanwhile: [
        order(
          1_000,
          { kind: 'skip', wave: 'canary' },
          /wave "canary" is running; not begun are: tokyo, berlin, london/,
        ),
        order(0, { kind: 'skip', wave: 'paris' }, /wave "paris" is not there/),
        order(0, { kind: 'reorder', waves: ['london', 'london'] }, /each once/),
        order(0, { kind: 'stop' } as never, /order "stop" is unknown/),
        order(0, { kind: 'reorder', waves: ['london'] }),
        order(0, { kind: 'skip', wave: 'berlin' }),
      ],
    });
    assert.equal(run.failure, null);
    assert.deepEqual(regionsOf(of('patch').slice(1)), ['london', 'tokyo']);
  });

  it('cancelled while a wave waits, it leaves what is done', async () => {
    const { activities, of } = world();
    const run = await kit.run('patchFleet', {
      ...small,
      activities,
      at: at('2034-08-01T12:00+02:00[Europe/Berlin]'),
      // Tokyo's targets are done and soaked by then, Berlin's and London's wait for their night.
      meanwhile: [cancelled('5 hours')],
    });
    assert.match(run.failure ?? '', /cancel/i);
    assert.deepEqual([of('patch').length, of('back').length], [2, 2]);
    run.expectUndone();
  });
});

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_each, index) =>
    items.slice(index * size, (index + 1) * size),
  );
