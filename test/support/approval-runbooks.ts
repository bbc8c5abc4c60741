/** Small runbooks in which approvals are awkward, for tests of the kit. Workflow code; the activities are those of `ApprovalActs`. */
import { runbook } from '../../workflows/kit/index.ts';
import type { ApprovalActs } from './approval-acts.ts';

type Input = { readonly name: string };

/** The second effect needs what the first returns, and nobody says what a plan assumes. */
export const dependent = runbook<Input, string, ApprovalActs>(async ({ name }, run) => {
  const { id } = await run.act('make a snapshot', (on) => on.snapshot({ name }), { undo: (on) => on.drop({ name }) });
  await run.act('restore it', (on) => on.restore({ id }));
  return 'done';
});

/** Catches whatever its steps throw, and tries to act on. */
export const stubborn = runbook<Input, string, ApprovalActs>(async ({ name }, run) => {
  await run.check('look', (on) => on.look({ name }));
  for (const times of [1, 2, 3]) await run.act(`try ${times}`, (on) => on.restore({ id: name })).catch(() => undefined);
  return 'done';
});

/** What it sees is different each time. */
export const restless = runbook<Input, string, ApprovalActs>(async ({ name }, run) => {
  await run.check('look', (on) => on.count({ name }));
  await run.act('restore it', (on) => on.restore({ id: name }));
  return 'done';
});

/** Calls something else than it says when it is only asked. */
export const dishonest = runbook<Input, string, ApprovalActs>(async ({ name }, run) => {
  let calls = 0;
  await run.act('restore it', (on) => {
    calls += 1;
    return on.restore({ id: calls < 2 ? name : 'another' });
  });
  return 'done';
});

/** Effects side by side, the last of which fails. */
export const parallel = runbook<Input, string, ApprovalActs>(async ({ name }, run) => {
  const parts = ['a', 'b', 'c'].map((part) => `${name}-${part}`);
  await Promise.all(
    parts.map((id) => run.act(`restore ${id}`, (on) => on.restore({ id }), { undo: (on) => on.drop({ name: id }) })),
  );
  await run.act('break', (on) => on.fail({ name }), { retry: 'once' });
  return 'done';
});

/** Sees after its effect something that a plan cannot know. */
export const afterwards = runbook<Input, string, ApprovalActs>(async ({ name }, run) => {
  await run.act('restore it', (on) => on.restore({ id: name }));
  const count = await run.check('count', (on) => on.count({ name }));
  await run.act('tidy up', (on) => on.drop({ name: count.seen > 0 ? name : 'nothing' }));
  return 'done';
});

/** Has nothing to do. */
export const idle = runbook<Input, string, ApprovalActs>(async ({ name }, run) => {
  await run.check('look', (on) => on.look({ name }));
  return 'nothing to do';
});

/** Gives up by what it sees. */
export const hopeless = runbook<Input, string, ApprovalActs>(async ({ name }, run) => {
  await run.act('restore it', (on) => on.restore({ id: name }));
  return run.escalate('beyond me');
});
