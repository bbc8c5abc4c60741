import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { pino } from 'pino';
import { workflowBundle } from '../../workers/bundle.ts';
import { listedRunbooks } from '../../workers/front-door.ts';
import type { HistoryEvent } from '../../workers/history-text.ts';
import { readHistories, replay } from '../../workers/testing/replay-histories.ts';
import { bundlesFolder } from '../support/bundles-folder.ts';
import { CANNOT, CELLS, cellsOf } from '../support/history-cells.ts';

// What does not replay is logged with its stack, many times over.
Runtime.install({
  logger: new DefaultLogger('ERROR', () => undefined),
  telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
});

const ROOT = join(import.meta.dirname, '../..');
const HISTORIES = join(import.meta.dirname, '../histories');
/** Within the repository, because the bundler looks for packages from there upwards. */
const SCRATCH = join(ROOT, '.tocsin/replay-test');

const histories = readdirSync(HISTORIES)
  .filter((file) => file.endsWith('.json'))
  .toSorted()
  .map((file) => ({
    workflowId: file,
    history: JSON.parse(readFileSync(join(HISTORIES, file), 'utf8')) as never,
  }));

describe('replay', () => {
  before(() => mkdirSync(SCRATCH, { recursive: true }));
  after(() => rmSync(SCRATCH, { recursive: true, force: true }));

  const outcomes = {
    restartService: [
      'already-healthy',
      'approved-quiet',
      'approved',
      'cancelled',
      'denied',
      'escalated-quiet',
      'escalated',
      'expired',
      'planned',
      'resolved-meanwhile',
      'restarted-quiet',
      'restarted',
      'stopped-quiet',
      'stopped',
      'tried-again',
      'voided',
    ],
    clearDisk: [
      'approved',
      'cancelled',
      'cleared-by-all',
      'cleared',
      'denied',
      'escalated',
      'expired',
      'not-full',
      'planned',
      'resolved-meanwhile',
      'tried-again',
    ],
    killBlockers: [
      'approved',
      'asked',
      'cancelled-in-vain',
      'cancelled',
      'denied',
      'ended-by-hand',
      'expired',
      'left',
      'nothing-blocked',
      'planned',
      'protected',
      'resolved-meanwhile',
      'terminated',
      'tried-again',
    ],
    patchFleet: [
      'approved',
      'budget',
      'cancelled',
      'denied',
      'expired',
      'no-targets',
      'paused',
      'resolved-meanwhile',
      'rolled-out',
      'skipped',
    ],
    patchWave: [
      'approved',
      'cancelled',
      'denied',
      'done',
      'expired',
      'resolved-meanwhile',
      'sick-after-soak',
      'tried-again',
      'undone',
    ],
    drainNode: [
      'approved',
      'blocked',
      'cancelled',
      'denied',
      'drained',
      'expired',
      'gone',
      'planned',
      'resolved-meanwhile',
      'tried-again',
      'uncordoned',
    ],
  };
  for (const [runbook, names] of Object.entries(outcomes))
    it(`there are recorded histories of every outcome of ${runbook}`, () => {
      assert.deepEqual(
        histories.map(({ workflowId }) => workflowId).filter((file) => file.startsWith(`${runbook}-`)),
        names.map((name) => `${runbook}-${name}.json`),
      );
    });

  const cells = histories.map(({ history }) => {
    const { events } = historyFromJSON(history);
    const [started] = events ?? [];
    const runbook = started?.workflowExecutionStartedEventAttributes?.workflowType?.name;
    return { runbook, cells: cellsOf((events ?? []) as readonly HistoryEvent[]) };
  });
  const known = (runbook: string): ReadonlySet<string> =>
    new Set(cells.filter((each) => each.runbook === runbook).flatMap((each) => each.cells));
  for (const runbook of Object.keys(outcomes))
    it(`the histories of ${runbook} are, by their events, an example of everything that can become of a run`, () => {
      const reasons = CANNOT[runbook] ?? {};
      assert.deepEqual(
        CELLS.filter((cell) => known(runbook).has(cell)),
        CELLS.filter((cell) => reasons[cell] === undefined),
      );
    });

  it('recorded histories replay on the runbooks of today, without a server', async () => {
    const { codePath } = await workflowBundle(bundlesFolder(), pino({ level: 'silent' }));
    const replayed = [];
    for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { codePath } }, histories)) {
      assert.equal(error, undefined, `${workflowId}: ${error?.message}`);
      replayed.push(workflowId);
    }
    assert.equal(replayed.length, histories.length);
  });

  /** File, what is written there, what instead; the history that breaks; at which event, where, and why. */
  type Plant = readonly [file: string, from: string, to: string, recorded: string, problem: RegExp];
  type Planted = Parameters<typeof replay>[0];
  const plants: Readonly<Record<string, readonly Plant[]>> = {
    'a step is left out, or another comes first': [
      [
        'restart-service.ts',
        'if (seen.rotation) {',
        'if (!seen.rotation) {',
        'restartService-restarted',
        /^event 13, step "take checkout out of rotation": Activity type of scheduled event 'takeOutOfRotation' does not match/,
      ],
      [
        'clear-disk.ts',
        'if (!now.full) break;',
        'break;',
        'clearDisk-cleared-by-all',
        /^event 27, step "clear [^"]+: old-logs": /,
      ],
      [
        'kill-blockers.ts',
        "(['cancel', 'terminate'] as const)",
        "(['terminate'] as const)",
        'killBlockers-cancelled',
        /^event 13, step "cancel [^"]+ in shop": /,
      ],
      ['drain-node.ts', 'await on.cordonNode(same);', '', 'drainNode-drained', /^event 20, step "drain web-1": /],
      [
        'patch-wave.ts',
        'if (!well) there',
        'if (well) there',
        'patchWave-done',
        /^event 53, after step "put berlin-x back in rotation": /,
      ],
      [
        'rollouts.ts',
        "runbook: 'patchWave'",
        "runbook: 'patchFleet'",
        'patchFleet-rolled-out',
        /^event 8, step "run [^"]+1-wave-canary": Child workflow type/,
      ],
    ],
    'another activity, a wait more, no runbook of this name': [
      [
        'restart-service.ts',
        'on.restartUnit(',
        'on.restartAnew(',
        'restartService-restarted',
        /^event 19, step "restart checkout": Activity type of scheduled event 'restartUnit' does not match activity type of activity command 'restartAnew'$/,
      ],
      [
        'clear-disk.ts',
        '  let now = seen;',
        '  let now = seen;\n  await new Promise((then) => setTimeout(then, 1_000));',
        'clearDisk-cleared',
        /^event 12, after step "how full is [^"]+": Timer machine does not handle/,
      ],
      [
        'kill-blockers.ts',
        '    outcome: treated.length',
        "    more: await run.check('is more blocked?', (on: any) => on.more()), outcome: treated.length",
        'killBlockers-nothing-blocked',
        /^event 12, after step "who blocks whom in shop\?": Activity machine does not handle/,
      ],
      [
        'index.ts',
        "export { drainNode } from './drain-node.ts';",
        '',
        'drainNode-drained',
        /^event 1, before the first step: runbook drainNode is not in workflows\/index, and no run of it can go on$/,
      ],
    ],
  };
  for (const [title, changes] of Object.entries(plants))
    describe(title, () => {
      let bundle: Planted;
      before(async () => {
        bundle = await bundleWith(changes);
      });
      for (const [file, , , name, problem] of changes)
        it(`a change of ${file} is found, with event and step`, async () => {
          const wanted = readHistories(HISTORIES).filter((each) => each.name === `${name}.json`);
          const [found, ...more] = await replay(bundle, wanted);
          assert.equal(found?.name, `${name}.json`);
          assert.match(found.problem ?? 'it replays', problem);
          assert.deepEqual(more, []);
        });
    });

  it('a run that no worker has begun replays, unless its runbook is gone', async () => {
    const bundle = await bundleWith([['index.ts', "export { drainNode } from './drain-node.ts';", '']]);
    const begun = readHistories(HISTORIES).filter(({ name }) =>
      /^(restartService-restarted|drainNode-drained)\.json$/.test(name),
    );
    const queued = begun.map(({ name, history }) => ({ name, history: { events: history.events?.slice(0, 2) ?? [] } }));
    assert.deepEqual(await replay(bundle, queued), [
      {
        name: 'drainNode-drained.json',
        problem:
          'event 1, before the first step: runbook drainNode is not in workflows/index, and no run of it can go on',
      },
      { name: 'restartService-restarted.json', problem: null },
    ]);
  });

  async function bundleWith(
    changes: readonly (readonly [file: string, from: string, to: string, ...unknown[]])[],
  ): Promise<Planted> {
    const planted = mkdtempSync(join(SCRATCH, 'planted-'));
    cpSync(join(ROOT, 'workflows'), join(planted, 'workflows'), { recursive: true });
    for (const [changed, from, to] of changes) {
      const file = join(planted, 'workflows', changed);
      const source = readFileSync(file, 'utf8');
      assert.ok(source.includes(from), `${changed} has no ${from}`);
      writeFileSync(file, source.replace(from, to));
    }
    const workflowsPath = join(planted, 'workflows/index.ts');
    const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    const codePath = join(planted, 'bundle.js');
    writeFileSync(codePath, code);
    return { codePath, types: new Set(listedRunbooks(workflowsPath).map(({ name }) => name)) };
  }
});
