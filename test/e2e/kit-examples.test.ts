import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { RolloutReport } from '../../workflows/kit/index.ts';
import { EVENT_SIGNAL, type RegionRule } from '../../workflows/kit/run-context.ts';
import { type TestKit, type TestRun, at, openTestKit } from '../../workers/testing/index.ts';
import { type KitLab, failureOf, startKitLab } from '../support/kit-lab.ts';
import type * as runbooks from '../support/kit-runbooks.ts';
import { until } from '../support/until.ts';

let lab: KitLab;
before(async () => {
  lab = await startKitLab();
});
beforeEach(() => void (lab.lines.length = 0));
after(() => lab?.stop());

describe('examples of the kit', () => {
  it('askHuman', async () => {
    const run = await lab.begin('failOver', { name: 'db' });
    await lab.answer(await lab.question(run.workflowId), 'ann', 'fail over');
    assert.equal(await run.result(), 'fail over');
    assert.deepEqual(lab.lines, ['fail over db']);
  });

  it('waitFor', async () => {
    const run = await lab.begin('backUp', { name: 'db' });
    const event = { id: '1', type: 'com.example.backup.done', source: 'backup', subject: null, time: null };
    await run.signal(EVENT_SIGNAL, { ...event, data: { name: 'db' } });
    assert.equal(await run.result(), 'event');
  });

  it('act', async () => {
    const run = await lab.begin('charge', { name: 'throws' });
    await lab.answer(await lab.question(run.workflowId), 'ann', 'done');
    assert.equal(await run.result(), 'as the human saw it');
    assert.deepEqual(lab.lines, ['reserve throws', 'charge throws']);
  });

  it('waves', async () => {
    // A wave begins only what it can soak: time for three times `needMs`, and more.
    const run = await lab.begin('tidyFleet', {}, {}, 3_600_000);
    const { outcome, waves, done } = (await run.result()) as RolloutReport;
    assert.deepEqual([outcome, done], ['rolled-out', 5]);
    assert.deepEqual(
      waves.map(({ name, targets, state }) => [name, targets, state]),
      [
        ['canary', 2, 'done'],
        ['50%', 1, 'done'],
        ['100%', 2, 'done'],
      ],
    );
    assert.deepEqual(lab.lines.slice(0, 2).toSorted(), ['tidy web-1', 'tidy web-2']);
    assert.equal(lab.lines.length, 5);
  });

  it('waves under approval: the rollout asks for its waves, and each wave for its steps', async () => {
    const run = await lab.begin('tidyFleet', {}, { mode: 'approve' });
    await lab.approve(run.workflowId, 'ann');
    for (const wave of ['1-wave-canary', '2-wave-50-', '3-wave-100-'])
      await lab.approve(`${run.workflowId}/${wave}`, 'ann');
    const { outcome, done } = (await run.result()) as RolloutReport;
    assert.deepEqual([outcome, done, lab.lines.length], ['rolled-out', 5, 5]);
  });

  it('check', async () => {
    assert.equal(await (await lab.begin('archive', { name: 'logs' })).result(), 'nothing to do');
    lab.lines.push('an old line');
    assert.equal(await (await lab.begin('archive', { name: 'logs' })).result(), 'archived');
    assert.deepEqual(lab.lines, ['an old line', 'archive logs']);
  });

  it('verify', async () => {
    assert.equal(await (await lab.begin('warmUp', { name: 'cache', wanted: 1 })).result(), 'warm');
    assert.equal(await (await lab.begin('warmUp', { name: 'cache', wanted: 9 })).result(), 'still cold');
  });

  it('escalate', async () => {
    const { type, message } = await failureOf(await lab.begin('moveAway', { name: 'db' }));
    assert.equal(type, 'Escalated');
    assert.match(message, /db has nowhere to go/);
    assert.deepEqual(lab.lines, ['stop db', 'start db']);
  });

  it('fanOut', async () => {
    const run = await lab.begin('chargeAll', { names: ['ann', 'refuses', 'bob'] });
    assert.deepEqual(await run.result(), ['ann: ann-1', 'refuses: NoMoney', 'bob: bob-1']);
  });

  it('report', async () => {
    const report = String(await (await lab.begin('tidyUp', { name: 'db' })).result());
    assert.match(
      report,
      /## Seen\n\n- how full is it\? {"lines":0}\n\n## Done\n\n- tidy db up\n\n## Notes\n\n- nothing else was full$/,
    );
  });

  it('runbook: reports what it returns, and an error of any class undoes and ends it', async () => {
    assert.deepEqual(await (await lab.begin('rename', { name: 'eu-db' })).result(), { renamed: 'db.eu' });
    assert.deepEqual(lab.lines, ['lock eu-db', 'rename db.eu']);
    lab.lines.length = 0;
    const { type, message } = await failureOf(await lab.begin('rename', { name: 'db' }));
    assert.deepEqual([type, message], ['RangeError', 'db names no region; expected one like eu-db']);
    assert.deepEqual(lab.lines, ['lock db', 'unlock db']);
  });

  it('child: each is a run of its own, in order; the one that fails has undone its own effects alone', async () => {
    const done = await lab.begin('emptyRacks', { racks: ['r1', 'r2'] });
    assert.deepEqual(await done.result(), ['r1-1', 'r2-1']);
    assert.deepEqual(lab.lines, ['close r1', 'charge r1', 'close r2', 'charge r2']);
    const first = lab.client.workflow.getHandle(`${done.workflowId}/1-r1`);
    assert.equal((await first.describe()).parentExecution?.workflowId, done.workflowId);
    lab.lines.length = 0;
    const run = await lab.begin('emptyRacks', { racks: ['r1', 'refuses', 'r3'] });
    await assert.rejects(run.result(), WorkflowFailedError);
    assert.deepEqual(lab.lines, ['close r1', 'charge r1', 'close refuses', 'charge refuses', 'open refuses']);
  });

  it('onRegion: the other region acts there, and its effects are undone there', async () => {
    const run = await lab.begin('moveTo', { name: 'db', region: 'us' });
    assert.equal(await run.result(), 'db moved from eu to us');
    assert.deepEqual(lab.lines, ['us: make room for db', 'charge db']);
    lab.lines.length = 0;
    await failureOf(await lab.begin('moveTo', { name: 'refuses', region: 'us' }));
    assert.deepEqual(lab.lines, ['us: make room for refuses', 'charge refuses', 'us: give up the room of refuses']);
  });

  it('everyRegion: all at once, and one without a worker is one result among the others', async () => {
    const nobody: RegionRule = { noWorkerAfterMs: 500, whenNoWorker: 'failOver', failOver: ['gone'] };
    const regions = { eu: {}, nobody, us: {} };
    const run = await lab.begin('warmEverywhere', { name: 'cache' }, { regions });
    assert.deepEqual(await run.result(), ['eu: warm', 'nobody: NoWorker', 'us: warm']);
    assert.deepEqual(lab.lines.toSorted(), ['charge cache', 'us: charge cache']);
  });

  it('limit: of one rack one at a time; another rack does not wait', async () => {
    const begin = (name: string, rack: string) => lab.begin('reboot', { name, rack }, { service: name });
    const said = (line: string) => until(line, () => lab.lines.includes(line));
    const first = await begin('web-1', 'r1');
    await said('reboot web-1');
    const second = await begin('web-2', 'r1');
    await until('it waits for its turn', async () => / limit per-rack/.test(await detailsOf(second)));
    const third = await begin('web-3', 'r2');
    await said('reboot web-3');
    assert.equal(lab.lines.includes('reboot web-2'), false);
    for (const name of ['web-1', 'web-3', 'web-2']) {
      await said(`reboot ${name}`);
      lab.lines.push(`reboot ${name} may end`);
    }
    for (const run of [first, second, third]) assert.equal(await run.result(), 'rebooted');
    assert.ok(lab.lines.indexOf('reboot web-1 ended') < lab.lines.indexOf('reboot web-2'), lab.lines.join());
  });

  it('alone: what fails is taken back, what is done stays', async () => {
    const run = await lab.begin('upgradeAll', { names: ['web-1', 'refuses', 'web-2'] });
    assert.deepEqual(await run.result(), ['web-1: upgraded', 'refuses: NoMoney', 'web-2: upgraded']);
    const started = lab.lines.filter((line) => line.startsWith('start '));
    assert.deepEqual([started, lab.lines.length], [['start refuses'], 7]);
  });
});

describe('examples of the kit, in virtual time', () => {
  let kit: TestKit<typeof runbooks>;
  before(async () => {
    kit = await openTestKit<typeof runbooks>({
      workflows: new URL('../support/kit-runbooks.ts', import.meta.url),
      places: { windows: { nights: { times: ['22:00-04:00'] } }, zones: { eu: 'Europe/Berlin' } },
    });
  });
  after(() => kit?.close());
  const instantOf = (run: TestRun<unknown>, title: string): number =>
    Date.parse(run.timeline.find((entry) => entry.title === title)?.at ?? assert.fail(`no step ${title}`));

  it('inWindow: looks at once, and acts when the night of its region begins', async () => {
    const run = await kit.run('patchAtNight', {
      input: { name: 'db' },
      at: at('2030-06-03T12:00+02:00[Europe/Berlin]'),
      timeout: '1d',
      activities: { read: () => ({ lines: 1 }), write: () => undefined },
    });
    assert.equal(run.report, 'patched');
    run.expectSteps('is there a patch for db?', 'patch db', 'restart db');
    const night = at('2030-06-03T22:00+02:00[Europe/Berlin]');
    assert.ok(instantOf(run, 'is there a patch for db?') < night - 9 * HOUR_MS);
    const late = instantOf(run, 'patch db') - night;
    assert.ok(late >= 0 && late < 60_000, `${late} ms after the opening`);
  });

  it('soak: ten minutes pass between the change and the look; what did not last is put back', async () => {
    const canary = async (lines: number) => {
      const activities = { read: () => ({ lines }), write: () => undefined };
      const run = await kit.run('canary', { input: { name: 'web' }, activities });
      assert.ok(instantOf(run, 'is web still well?') - instantOf(run, 'update web') >= 600_000);
      return run;
    };
    assert.equal((await canary(1)).report, 'stays');
    const gone = await canary(0);
    gone.expectUndone('update web');
    assert.match(gone.failure ?? '', /web did not last/);
  });
});

const HOUR_MS = 3_600_000;

const detailsOf = async (handle: WorkflowHandle): Promise<string> =>
  (await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata')).currentDetails ?? '';
