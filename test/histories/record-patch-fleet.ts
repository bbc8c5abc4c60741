/**
 * Records what `patchFleet` and its waves come to, in virtual time: `node --import tsx test/histories/record-patch-fleet.ts NAME...`. Run it for an
 * outcome that is new, never to make a failing replay pass.
 */
import { join } from 'node:path';
import { type Happening, type TestKit, type TestRun, cancelled, resolves } from '../../workers/testing/index.ts';
import type * as runbooks from '../../workflows/index.ts';
import { type ApprovedFleet, ONLY, startApprovedFleet } from '../support/approved-fleet.ts';
import { openFleetKit, order, world } from '../support/fleet.ts';

type Sick = Parameters<typeof world>[0];
type Kit = TestKit<typeof runbooks>;

const fleet =
  (sick: Sick = {}, ...meanwhile: readonly Happening[]) =>
  (kit: Kit) =>
    kit.run('patchFleet', {
      input: { fleet: 'small' },
      timeout: '21 days',
      activities: world(sick).activities,
      meanwhile,
    });

const WAVE = {
  wave: 'berlin',
  targets: ['x', 'y'].map((letter) => ({ name: `berlin-${letter}`, region: 'berlin' })),
  window: 'night-patch',
  needMs: 900_000,
  parallel: 1,
  soakMs: 60_000,
  mayFail: 0,
};

type Acts = ReturnType<typeof world>['activities'];

const waveOf =
  (activities: Acts, ...meanwhile: readonly Happening[]) =>
  (kit: Kit) =>
    kit.run('patchWave', { input: WAVE, timeout: '7 days', activities, meanwhile });

const wave = (sick: Sick = {}, ...meanwhile: readonly Happening[]) => waveOf(world(sick).activities, ...meanwhile);

/** Its first look finds nobody. */
function lateAnswer(): Acts {
  const { activities } = world();
  let looks = 0;
  const observeService: Acts['observeService'] = (request) => {
    looks += 1;
    if (looks === 1) throw new Error('connection refused');
    return activities.observeService(request);
  };
  return { ...activities, observeService };
}

type Answers = (fleet: ApprovedFleet, workflowId: string) => Promise<void>;

const askedFleet =
  (answers: Answers) =>
  async (fleet: ApprovedFleet): Promise<TestRun<unknown>> => {
    const workflowId = await fleet.begin('patchFleet', {});
    await answers(fleet, workflowId);
    return fleet.end(workflowId);
  };

const askedWave =
  (answers: Answers) =>
  async (fleet: ApprovedFleet): Promise<TestRun<unknown>> => {
    const workflowId = await fleet.begin('patchWave', { ...WAVE, targets: [ONLY] });
    await answers(fleet, workflowId);
    return fleet.end(workflowId);
  };

const approve: Answers = (fleet, workflowId) => fleet.answer(workflowId, 'approve');
const deny: Answers = (fleet, workflowId) => fleet.answer(workflowId, 'deny');
const nobody: Answers = () => Promise.resolve();

const DAY = 86_400_000;
const RECORDINGS = {
  'patchFleet-rolled-out': fleet(),
  'patchFleet-no-targets': (kit: Kit) =>
    kit.run('patchFleet', { input: { fleet: 'nobody' }, timeout: '21 days', activities: {} }),
  'patchFleet-budget': fleet({ sickLater: ['berlin-y', 'london-y', 'tokyo-y'] }),
  'patchFleet-paused': fleet({}, order(1_000, { kind: 'pause' }), order(2 * DAY, { kind: 'resume' })),
  'patchFleet-skipped': fleet({}, order(1_000, { kind: 'reorder', waves: ['london'] }), order(0, { kind: 'skip', wave: 'berlin' })),
  'patchFleet-resolved-meanwhile': fleet({}, resolves('10 minutes')),
  'patchFleet-cancelled': fleet({}, cancelled('10 minutes')),
  'patchWave-done': wave(),
  'patchWave-undone': wave({ sick: ['berlin-x'] }),
  'patchWave-sick-after-soak': wave({ sickLater: ['berlin-y'] }),
  'patchWave-cancelled': wave({}, cancelled('1 minute')),
  'patchWave-resolved-meanwhile': wave({}, resolves('1 minute')),
  'patchWave-tried-again': waveOf(lateAnswer()),
} as const;
/** Of a fleet of one. */
const ASKED = {
  'patchFleet-approved': askedFleet(async (fleet, workflowId) => {
    await approve(fleet, workflowId);
    await approve(fleet, `${workflowId}/1-wave-canary`);
  }),
  'patchFleet-denied': askedFleet(deny),
  'patchFleet-expired': askedFleet(nobody),
  'patchWave-approved': askedWave(approve),
  'patchWave-denied': askedWave(deny),
  'patchWave-expired': askedWave(nobody),
} as const;

const wanted = process.argv.slice(2);
const isOf = <Names extends object>(names: Names, name: string): name is keyof Names & string => Object.hasOwn(names, name);
const unknown = wanted.find((name) => !isOf(RECORDINGS, name) && !isOf(ASKED, name));
if (unknown !== undefined)
  throw new Error(`${unknown} is no recording; expected some of ${Object.keys({ ...RECORDINGS, ...ASKED }).join(', ')}`);

await recordOn(openFleetKit, RECORDINGS);
await recordOn(startApprovedFleet, ASKED);

async function recordOn<On extends { close(): Promise<void> }>(
  open: () => Promise<On>,
  recordings: Readonly<Record<string, (on: On) => Promise<TestRun<unknown>>>>,
): Promise<void> {
  const names = wanted.filter((name) => isOf(recordings, name));
  if (names.length === 0) return;
  const on = await open();
  try {
    for (const name of names) {
      const run = await recordings[name]?.(on);
      const file = join(import.meta.dirname, `${name}.json`);
      run?.record(file);
      console.log(file, run?.failure);
    }
  } finally {
    await on.close();
  }
}
