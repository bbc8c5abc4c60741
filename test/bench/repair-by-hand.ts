/** What `repairByKit` does, as plain Temporal code: with steps as activities, and as local activities. */
import {
  type ActivityInterface,
  ApplicationFailure,
  proxyActivities,
  proxyLocalActivities,
  sleep,
} from '@temporalio/workflow';
import { BY_HAND } from './by-hand-queues.ts';
import type { Repair } from './repair-by-kit.ts';

interface Activities extends ActivityInterface {
  readonly diagnose: (input: Repair) => Promise<{ readonly sick: boolean }>;
  readonly remediate: (input: Repair) => Promise<void>;
  readonly confirm: (input: Repair) => Promise<{ readonly well: boolean }>;
}

const BOUNDS = { startToCloseTimeout: 60_000, scheduleToCloseTimeout: 600_000 };

export const repairByHand = (input: Repair): Promise<string> =>
  repair(input, (summary) => proxyActivities<Activities>({ ...BOUNDS, taskQueue: BY_HAND.activityQueue, summary }));

export const repairLocally = (input: Repair): Promise<string> =>
  repair(input, (summary) => proxyLocalActivities<Activities>({ ...BOUNDS, summary }));

async function repair(input: Repair, on: (summary: string) => Activities): Promise<string> {
  const { target } = input;
  const { sick } = await on(`is ${target} sick?`).diagnose(input);
  if (!sick) return 'already well';
  await on(`repair ${target}`).remediate(input);
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    if ((await on(`is ${target} well? (${attempt}/5)`).confirm(input)).well) return 'repaired';
    if (attempt < 5) await sleep(2_000);
  }
  throw ApplicationFailure.nonRetryable(`${target} was repaired and is still sick`);
}
