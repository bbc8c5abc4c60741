import { runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** Its second step must not be repeated: when nobody knows what came of it, a human is asked. */
export const charge = runbook<{ readonly name: string }, string, KitActs>(async ({ name }, run) => {
  await run.act('reserve', (on) => on.write({ line: `reserve ${name}` }), {
    undo: (on) => on.write({ line: `release ${name}` }),
  });
  const { id } = await run.act(`charge ${name}`, (on) => on.charge({ name }), {
    repeatable: false,
    assumed: { id: 'as the human saw it' },
  });
  return id;
});
