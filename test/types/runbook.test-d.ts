/** Mistakes in runbooks that have to be compile errors. Nothing here runs: `npm run typecheck` fails when one of them becomes acceptable. */
import type { Look } from '../../activities/look.ts';
import { type Rollout, limit, runbook } from '../../workflows/kit/index.ts';

interface Input {
  readonly what: string;
}

interface Steps {
  readonly look: Look<(input: Input) => Promise<{ readonly full: boolean }>>;
  readonly change: (input: Input) => Promise<{ readonly key: string }>;
  readonly back: (input: Input) => Promise<void>;
}

export const part = runbook<{ readonly size: number }, { readonly done: number }, Steps>(async ({ size }) => ({
  done: size,
}));

export const right = runbook<Input, string, Steps>(async ({ what }, run) => {
  const { key } = await run.act('change', (on) => on.change({ what }), {
    undo: (on) => on.back({ what }),
    limits: ['per-service', limit('per-rack', 'r1')],
    retry: 'quick',
    assumed: { key: 'assumed' },
  });
  const choice = await run.askHuman('go on?', { choices: ['go', 'leave it'], otherwise: 'leave it' });
  if (choice === 'go') return key;
  const waited = await run.waitFor<Input>('it', { event: 'com.example.done', timeoutMs: 1_000 });
  const report = await run.child<typeof part>('part', { size: 1 }, { title: 'the part' });
  if ('done' in report) report.done satisfies number;
  return waited.by === 'event' ? waited.event.data.what : waited.by;
});

export const wrongUndo = runbook<Input, void, Steps>(async ({ what }, run) => {
  await run.act('change', (on) => on.change({ what }), {
    // @ts-expect-error there is no such activity
    undo: (on) => on.bck({ what }),
  });
  await run.act('change', (on) => on.change({ what }), {
    // @ts-expect-error the activity wants `what`
    undo: (on) => on.back({ name: what }),
  });
  await run.act('change', (on) => on.change({ what }), {
    // @ts-expect-error an undo acts; it is no value
    undo: 'back',
  });
});

export const wrongAssumption = runbook<Input, void, Steps>(async ({ what }, run) => {
  await run.act('change', (on) => on.change({ what }), {
    // @ts-expect-error it returns another thing
    assumed: { key: 7 },
  });
});

export const wrongField = runbook<Input, void, Steps>(async ({ what }, run) => {
  await run.verify('is there room?', (on) => on.look({ what }), {
    // @ts-expect-error the look has no field `fll`
    holds: ({ fll }) => !fll,
    attempts: 2,
    everyMs: 1_000,
  });
  await run.check('how full?', (on) => on.look({ what }), {
    // @ts-expect-error nor a field `percent`
    significant: ({ percent }) => percent,
  });
  // @ts-expect-error a verify says what has to hold, how often it looks, and how far apart
  await run.verify('is there room?', (on) => on.look({ what }), { holds: ({ full }) => !full });
});

export const wrongChoice = runbook<Input, boolean, Steps>(async (_input, run) => {
  const choice = await run.askHuman('go on?', { choices: ['go', 'leave it'] });
  // @ts-expect-error there was no such choice
  if (choice === 'stop') return false;
  // @ts-expect-error what counts without an answer is one of the choices
  await run.askHuman('go on?', { choices: ['go', 'leave it'], otherwise: 'stop' });
  // @ts-expect-error a question has choices
  await run.askHuman('go on?', {});
  return choice === 'go';
});

export const wrongChild = runbook<Input, number, Steps>(async (_input, run) => {
  // @ts-expect-error the part wants `size`
  await run.child<typeof part>('part', { what: 'x' }, { title: 'the part' });
  // @ts-expect-error a number, and not a text
  await run.child<typeof part>('part', { size: '1' }, { title: 'the part' });
  // @ts-expect-error it has a title
  await run.child<typeof part>('part', { size: 1 }, {});
  const report = await run.child<typeof part>('part', { size: 1 }, { title: 'the part' });
  // @ts-expect-error it may have been denied, planned or overtaken by a resolve
  return report.done;
});

export const wrongWait = runbook<Input, string, Steps>(async (_input, run) => {
  // @ts-expect-error every wait has a bound
  await run.waitFor<Input>('it', { event: 'com.example.done' });
  const waited = await run.waitFor<Input>('it', {
    event: 'com.example.done',
    // @ts-expect-error the event has no field `name`
    when: ({ data }) => data.name === 'x',
    timeoutMs: 1_000,
  });
  // @ts-expect-error it ended by something else, perhaps
  if (waited.event.data.what === 'x') return 'x';
  // @ts-expect-error a wait never ends so
  if (waited.by === 'answer') return 'answer';
  return waited.by;
});

export const wrongRetry = runbook<Input, void, Steps>(async ({ what }, run) => {
  // @ts-expect-error there is no such policy
  await run.act('change', (on) => on.change({ what }), { retry: 'forever' });
  // @ts-expect-error a policy has a name, and no numbers
  await run.check('look', (on) => on.look({ what }), { retry: { attempts: 3 } });
});

export const wrongLimits = runbook<Input, void, Steps>(async ({ what }, run) => {
  // @ts-expect-error a list, even of one
  await run.act('change', (on) => on.change({ what }), { limits: 'per-service' });
  // @ts-expect-error a limit has a name
  await run.act('change', (on) => on.change({ what }), { limits: [{ value: 'r1' }] });
  // @ts-expect-error and what it counts by, if it says so
  await run.act('change', (on) => on.change({ what }), { limits: [limit('per-rack')] });
  // @ts-expect-error a look comes under no limit
  await run.check('look', (on) => on.look({ what }), { limits: ['per-service'] });
});

// @ts-expect-error the report is a text
export const wrongReport = runbook<Input, string, Steps>(async () => 7);

export const wrongRollout: Rollout = {
  runbook: 'part',
  targets: { patch: 'night' },
  window: 'night-patch',
  needMs: 1_000,
  canary: 1,
  // @ts-expect-error waves are by region or by shares
  waves: { by: 'moon' },
  parallel: 1,
  soakMs: 0,
  errorBudget: { rollout: '10%', wave: '20%' },
};
