import { runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** Starts a backup elsewhere, and waits until it says that it is done. */
export const backUp = runbook<{ readonly name: string }, string, KitActs>(async ({ name }, run) => {
  await run.act('start the backup', (on) => on.write({ line: `back up ${name}` }));
  const waited = await run.waitFor<{ readonly name: string }>('the backup to be done', {
    event: 'com.example.backup.done',
    when: (event) => event.data.name === name,
    timeoutMs: 3_600_000,
  });
  if (waited.by === 'time-out') run.escalate(`no word of the backup of ${name} within an hour`);
  return waited.by;
});
