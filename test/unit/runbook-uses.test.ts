import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { triggers } from '../../triggers/index.ts';
import { loadConfig } from '../../workers/config.ts';
import { listedRunbooks } from '../../workers/front-door.ts';
import { type Use, runbookUses } from '../../workers/runbook-uses.ts';
import { useProblems } from '../../workers/use-problems.ts';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-uses-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const TEXT = `// Neither limits: ['commented'] nor an é moves a line.
import { limit, runbook } from './kit/index.ts';
export const RACK = 'per-rack';
export const patch = runbook(async ({ host, name }, run) => {
  await run.inWindow('night', { needMs: 1 }, () =>
    run.act('patch', (on) => on.patch(host), {
      undo: (on) => on.unpatch(host),
      limits: ['per-service', limit(RACK, host), name],
    }),
  );
  await run.inWindow({ window: 'weekend', over: 'all', regions: ['eu'] }, {}, () => run.inWindow(name, {}, run));
});
`;

const placed = (uses: readonly Use[]): string[] => uses.map(({ name, line }) => `${line} ${name}`);

test('limits, windows and activities of a runbook are found with their lines; names made at run time are not', () => {
  const file = join(folder, 'patch.ts');
  writeFileSync(file, TEXT);
  for (const time of ['first', 'second']) {
    const { limits, windows, activities } = runbookUses(file);
    assert.deepEqual(placed(limits), ['8 per-service', '8 per-rack'], time);
    assert.deepEqual(placed(windows), ['5 night', '11 weekend'], time);
    assert.deepEqual(placed(activities), ['6 patch', '7 unpatch'], time);
    assert.equal(limits[0]?.file, file);
  }
});

test('the shipped drain-node asks for its limit and its activities', () => {
  const { limits, windows, activities } = runbookUses(join(import.meta.dirname, '../../workflows/drain-node.ts'));
  assert.deepEqual([...new Set(limits.map(({ name }) => name))], ['drain-per-pool']);
  assert.deepEqual(windows, []);
  assert.deepEqual(
    [...new Set(activities.map(({ name }) => name))],
    ['observeNode', 'cordonNode', 'evictPods', 'uncordonNode'],
  );
});

test('a limit or window that is not configured is named with file and line, when a trigger starts the runbook', () => {
  const file = join(folder, 'patch-again.ts');
  writeFileSync(file, TEXT);
  const runbooks = [{ name: 'patch', file, place: 'index.ts:1' }];
  const configured = { limits: [{ name: 'per-rack' }], windows: { night: { times: ['02:00-05:00'] } } };
  assert.deepEqual(useProblems(runbooks, [{ run: 'patch' }], configured), [
    `${file}:8: limit "per-service" is not configured, expected one of per-rack`,
    `${file}:11: window "weekend" is not configured, expected one of night`,
  ]);
  assert.deepEqual(useProblems(runbooks, [{ run: 'other' }], configured), []);
  assert.deepEqual(
    useProblems(
      [{ name: 'patch', file: join(folder, 'gone.ts'), place: 'index.ts:1' }],
      [{ run: 'patch' }],
      configured,
    ),
    [],
  );
});

test('the shipped configuration has what the shipped runbooks ask for; without it, check would say so', () => {
  const config = loadConfig({ file: join(import.meta.dirname, '../../tocsin.yaml'), env: {} });
  assert.deepEqual(useProblems(listedRunbooks(), triggers, config), []);
  const [problem, ...more] = useProblems(listedRunbooks(), triggers, { ...config, limits: [] });
  assert.match(
    problem ?? '',
    /drain-node\.ts:\d+: limit "drain-per-pool" is not configured, expected one of \(none is there\)$/,
  );
  assert.deepEqual(more, []);
});
