/** Small runbooks that keep to the window `open`, in the ways there are. Workflow code; the activities are those of `WindowActs`. */
import { fanOut, runbook } from '../../workflows/kit/index.ts';
import type { WindowOptions } from '../../workflows/kit/index.ts';
import type { WindowActs } from './window-acts.ts';

type Input = { readonly options: Partial<WindowOptions>; readonly window?: string };

const within = ({ options }: Input): WindowOptions => ({ needMs: 100, jitterMs: 0, ...options });

/** Two effects, the first of which can be undone. */
export const patch = runbook<Input, string, WindowActs>(async (input, run) => {
  await run.inWindow(input.window ?? 'open', within(input), async () => {
    await run.act('patch it', (on) => on.patch({ name: 'a' }), { undo: (on) => on.unpatch({ name: 'a' }) });
    await run.act('reboot it', (on) => on.reboot({ name: 'b' }));
  });
  return 'done';
});

/** Lets the window pass between two effects, both of which can be undone. */
export const halfway = runbook<Input, string, WindowActs>(async (input, run) => {
  await run.inWindow('open', within({ options: { onCutoff: 'carryOver', ...input.options } }), async () => {
    await run.act('patch a', (on) => on.patch({ name: 'a' }), { undo: (on) => on.unpatch({ name: 'a' }) });
    await run.soak('until it has closed', 2 * 3_600_000);
    await run.act('patch b', (on) => on.patch({ name: 'b' }), { undo: (on) => on.unpatch({ name: 'b' }) });
  });
  return 'done';
});

/** A part that goes on until the cut-off, and undoes alone; the run comes to its end without it. */
export const apart = runbook<Input, string, WindowActs>(async (input, run) => {
  const [part] = await fanOut(['a'], (name) =>
    run.inWindow('open', within(input), () =>
      run.alone(async () => {
        await run.act('patch it', (on) => on.patch({ name }), { undo: (on) => on.unpatch({ name }) });
        await run.act('copy it', (on) => on.endless({ name }), { heartbeatMs: 5_000 });
      }),
    ),
  );
  return part?.ok === false ? part.failure.type : 'done';
});

/** Goes on until it is cancelled. */
export const slow = runbook<Input, string, WindowActs>(async (input, run) => {
  await run.inWindow('open', within(input), async () => {
    await run.act('patch it', (on) => on.patch({ name: 'a' }), { undo: (on) => on.unpatch({ name: 'a' }) });
    await run.act('copy it', (on) => on.endless({ name: 'c' }), { heartbeatMs: 5_000 });
  });
  return 'done';
});

/** Uses a window that is never there again, and another part that needs none. */
export const plain = runbook<Input, string, WindowActs>(async (_input, run) => {
  await run.act('patch it', (on) => on.patch({ name: 'a' }));
  return 'done';
});
