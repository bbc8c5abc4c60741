/** Small runbooks, one for each thing the kit offers, for its tests. Workflow code; the activities are those of `KitActs`. */
import { type Part, fanOut, runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from './kit-acts.ts';

type Input = { readonly name: string };

/** Asks, and does what it is told. */
export const asks = runbook<
  Input & { readonly timeoutMs?: number; readonly otherwise?: 'go' | 'leave it' },
  string,
  KitActs
>(async ({ name, timeoutMs, otherwise }, run) => {
  await run.act('prepare', (on) => on.write({ line: `prepare ${name}` }), {
    undo: (on) => on.write({ line: `unprepare ${name}` }),
  });
  const answer = await run.askHuman(`may ${name} go?`, {
    choices: ['go', 'leave it'],
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(otherwise === undefined ? {} : { otherwise }),
  });
  if (answer === 'go') await run.act('go', (on) => on.write({ line: `go ${name}` }));
  return answer;
});

/** Lets time pass before it asks. */
export const soaksAndAsks = runbook<{ readonly soakMs: number }, string, KitActs>(async ({ soakMs }, run) => {
  await run.soak('until it can be judged', soakMs);
  return run.askHuman('keep it?', { choices: ['keep', 'put back'], otherwise: 'put back' });
});

/** Two questions at once. */
export const asksTwice = runbook<Input, readonly string[], KitActs>(async ({ name }, run) =>
  Promise.all(['first', 'second'].map((which) => run.askHuman(`${which} ${name}?`, { choices: ['yes', 'no'] }))),
);

/** A step that must not be repeated, and may get lost. */
export const once = runbook<Input & { readonly assumed?: boolean }, string, KitActs>(async ({ name, assumed }, run) => {
  await run.act('prepare', (on) => on.write({ line: `prepare ${name}` }), {
    undo: (on) => on.write({ line: `unprepare ${name}` }),
  });
  const { id } = await run.act(`charge ${name}`, (on) => on.charge({ name }), {
    repeatable: false,
    attemptMs: 1_000,
    ...(assumed === true ? { assumed: { id: 'assumed' } } : {}),
    undo: (on) => on.write({ line: `refund ${name}` }),
  });
  return id;
});

/** One effect that lasts. */
export const holds = runbook<Input & { readonly attemptMs?: number }, string, KitActs>(
  async ({ name, attemptMs = 60_000 }, run) => {
    await run.act('hold', (on) => on.hold({ line: `hold ${name}` }), {
      attemptMs,
      undo: (on) => on.write({ line: `let go of ${name}` }),
    });
    return 'held';
  },
);

/** One effect of two calls, before the second of which the red button is pressed. */
export const twoCalls = runbook<Input, string, KitActs>(async ({ name }, run) => {
  await run.act('both', async (on) => {
    await on.write({ line: `one ${name}` });
    await on.stopped({ line: `two ${name}` });
  });
  return 'done';
});

/** One effect of two calls of one activity, before each of which the red button is pressed. */
export const twoStopped = runbook<Input, string, KitActs>(async ({ name }, run) => {
  await run.act('both', async (on) => {
    await on.stopped({ line: `first ${name}` });
    await on.stopped({ line: `second ${name}` });
  });
  return 'done';
});

/** One effect of two calls side by side; the red button is pressed before one of them. */
export const sideBySide = runbook<Input, string, KitActs>(async ({ name }, run) => {
  await run.act('both', (on) =>
    Promise.all([on.hold({ line: `hold ${name}` }), on.stopped({ line: `beside ${name}` })]),
  );
  return 'done';
});

/** Goes on without a part that fails, and cannot be taken back. */
export const halfDone = runbook<Input, readonly Part<string, void>[], KitActs>(async ({ name }, run) =>
  fanOut([name], () =>
    run.alone(async () => {
      await run.act('prepare', (on) => on.write({ line: `prepare ${name}` }), {
        undo: (on) => on.charge({ name: 'refuses' }),
      });
      await run.act('charge', (on) => on.charge({ name: 'refuses' }));
    }),
  ),
);

/** Waits for what it is told to, and says what ended it. */
export const waits = runbook<
  Input & {
    readonly event?: string;
    readonly resolved?: boolean;
    readonly timeoutMs?: number;
    readonly first?: boolean;
  },
  unknown,
  KitActs
>(async ({ name, event, resolved = false, timeoutMs = 60_000, first = false }, run) => {
  // Something to be slow at, so that what comes first has to be kept.
  if (first) await run.askHuman('go on?', { choices: ['yes'] });
  const waited = await run.waitFor<{ readonly name: string }>(`${name} to be done`, {
    ...(event === undefined ? {} : { event }),
    when: (found) => found.data.name === name,
    resolved,
    timeoutMs,
  });
  return waited.by === 'event' ? { by: waited.by, id: waited.event.id } : waited;
});

/** Waits twice at once for events of one type, and says which came. */
export const waitsTwice = runbook<{ readonly event: string }, readonly string[], KitActs>(async ({ event }, run) =>
  Promise.all(
    ['one', 'another'].map(async (which) => {
      const waited = await run.waitFor(which, { event, timeoutMs: 60_000 });
      return waited.by === 'event' ? waited.event.id : waited.by;
    }),
  ),
);

export { tocsinLimit } from '../../workflows/engine/index.ts';
export { charge } from '../examples/act.ts';
export { upgradeAll } from '../examples/alone.ts';
export { failOver } from '../examples/askHuman.ts';
export { archive } from '../examples/check.ts';
export { emptyRack, emptyRacks } from '../examples/child.ts';
export { moveAway } from '../examples/escalate.ts';
export { warmEverywhere } from '../examples/everyRegion.ts';
export { chargeAll } from '../examples/fanOut.ts';
export { patchAtNight } from '../examples/inWindow.ts';
export { reboot } from '../examples/limit.ts';
export { moveTo } from '../examples/onRegion.ts';
export { warmUp } from '../examples/verify.ts';
export { tidyUp } from '../examples/report.ts';
export { rename } from '../examples/runbook.ts';
export { moveQuietly } from '../examples/silence.ts';
export { canary } from '../examples/soak.ts';
export { backUp } from '../examples/waitFor.ts';
export { tidyFleet, tidyWave } from '../examples/waves.ts';
export { looksOnce, tidiedByHand, tidiedByKit } from './tidied.ts';
