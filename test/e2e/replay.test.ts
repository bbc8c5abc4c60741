import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DefaultLogger, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { pino } from 'pino';
import { workflowBundle } from '../../workers/bundle.ts';
import { bundlesFolder } from '../support/bundles-folder.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

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
      'planned',
      'resolved-meanwhile',
      'restarted-quiet',
      'restarted',
      'stopped-quiet',
      'stopped',
      'voided',
    ],
    clearDisk: ['approved', 'cleared-by-all', 'cleared', 'denied', 'escalated', 'not-full', 'planned'],
    killBlockers: [
      'approved',
      'asked',
      'cancelled-in-vain',
      'cancelled',
      'left',
      'nothing-blocked',
      'planned',
      'protected',
      'resolved-meanwhile',
      'terminated',
    ],
    patchFleet: ['budget', 'cancelled', 'no-targets', 'paused', 'rolled-out', 'skipped'],
    patchWave: ['cancelled', 'done', 'sick-after-soak', 'undone'],
    drainNode: ['blocked', 'drained', 'gone', 'planned', 'resolved-meanwhile', 'uncordoned'],
  };
  for (const [runbook, names] of Object.entries(outcomes))
    it(`there are recorded histories of every outcome of ${runbook}`, () => {
      assert.deepEqual(
        histories.map(({ workflowId }) => workflowId).filter((file) => file.startsWith(`${runbook}-`)),
        names.map((name) => `${runbook}-${name}.json`),
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

  describe('one change of steps, planted in each runbook', () => {
    const changes = [
      ['restart-service.ts', 'if (seen.rotation) {', 'if (!seen.rotation) {', 'restartService-restarted'],
      ['clear-disk.ts', 'if (!now.full) break;', 'break;', 'clearDisk-cleared-by-all'],
      ['kill-blockers.ts', "(['cancel', 'terminate'] as const)", "(['terminate'] as const)", 'killBlockers-cancelled'],
      ['drain-node.ts', 'await on.cordonNode(same);', '', 'drainNode-drained'],
      ['patch-wave.ts', 'if (!well) there', 'if (well) there', 'patchWave-done'],
      ['rollouts.ts', "runbook: 'patchWave'", "runbook: 'patchFleet'", 'patchFleet-rolled-out'],
    ] as const;
    let codePath: string;

    before(async () => {
      const planted = join(SCRATCH, 'planted');
      cpSync(join(ROOT, 'workflows'), join(planted, 'workflows'), { recursive: true });
      for (const [runbook, from, to] of changes) {
        const file = join(planted, 'workflows', runbook);
        const source = readFileSync(file, 'utf8');
        const changed = source.replace(from, to);
        assert.notEqual(changed, source);
        writeFileSync(file, changed);
      }
      const { code } = await bundleWorkflowCode({
        workflowsPath: join(planted, 'workflows/index.ts'),
        logger: new DefaultLogger('ERROR'),
      });
      codePath = join(planted, 'bundle.js');
      writeFileSync(codePath, code);
    });

    for (const [runbook, , , recorded] of changes)
      it(`is found in ${runbook}`, async () => {
        const wanted = histories.filter(({ workflowId }) => workflowId === `${recorded}.json`);
        const errors = [];
        for await (const { error } of Worker.runReplayHistories({ workflowBundle: { codePath } }, wanted))
          errors.push(error);
        assert.equal(errors.length, 1);
        assert.match(errors[0]?.name ?? '', /DeterminismViolationError/);
      });
  });
});
