/**
 * Records what `patchFleet` and its waves come to, in virtual time: `node --import tsx test/histories/record-patch-fleet.ts NAME...`. Run it for an
 * outcome that is new, never to make a failing replay pass.
 */
import { join } from 'node:path';
import { type Happening, type TestKit, cancelled } from '../../workers/testing/index.ts';
import type * as runbooks from '../../workflows/index.ts';
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

const wave =
  (sick: Sick = {}, ...meanwhile: readonly Happening[]) =>
  (kit: Kit) =>
    kit.run('patchWave', {
      input: {
        wave: 'berlin',
        targets: ['x', 'y'].map((letter) => ({ name: `berlin-${letter}`, region: 'berlin' })),
        window: 'night-patch',
        needMs: 900_000,
        parallel: 1,
        soakMs: 60_000,
        mayFail: 0,
      },
      timeout: '7 days',
      activities: world(sick).activities,
      meanwhile,
    });

const DAY = 86_400_000;
const RECORDINGS = {
  'patchFleet-rolled-out': fleet(),
  'patchFleet-no-targets': (kit: Kit) =>
    kit.run('patchFleet', { input: { fleet: 'nobody' }, timeout: '21 days', activities: {} }),
  'patchFleet-budget': fleet({ sickLater: ['berlin-y', 'london-y', 'tokyo-y'] }),
  'patchFleet-paused': fleet({}, order(1_000, { kind: 'pause' }), order(2 * DAY, { kind: 'resume' })),
  'patchFleet-skipped': fleet({}, order(1_000, { kind: 'reorder', waves: ['london'] }), order(0, { kind: 'skip', wave: 'berlin' })),
  'patchFleet-cancelled': fleet({}, cancelled('10 minutes')),
  'patchWave-done': wave(),
  'patchWave-undone': wave({ sick: ['berlin-x'] }),
  'patchWave-sick-after-soak': wave({ sickLater: ['berlin-y'] }),
  'patchWave-cancelled': wave({}, cancelled('1 minute')),
} as const;

const kit = await openFleetKit();
try {
  for (const name of process.argv.slice(2)) {
    if (!Object.hasOwn(RECORDINGS, name))
      throw new Error(`${name} is no recording; expected some of ${Object.keys(RECORDINGS).join(', ')}`);
    const run = await RECORDINGS[name as keyof typeof RECORDINGS](kit);
    const file = join(import.meta.dirname, `${name}.json`);
    run.record(file);
    console.log(file, run.failure);
  }
} finally {
  await kit.close();
}
