import { runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** All there is to a runbook: what it is given, what it reports, and what it acts with. An error undoes and ends it. */
export const rename = runbook<{ readonly name: string }, { readonly renamed: string }, KitActs>(
  async ({ name }, run) => {
    await run.act(`lock ${name}`, (on) => on.write({ line: `lock ${name}` }), {
      undo: (on) => on.write({ line: `unlock ${name}` }),
    });
    const [region, rest] = name.split('-');
    if (rest === undefined) throw new RangeError(`${name} names no region; expected one like eu-db`);
    await run.act(`rename ${name}`, (on) => on.write({ line: `rename ${rest}.${region}` }));
    return { renamed: `${rest}.${region}` };
  },
);
