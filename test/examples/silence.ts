import type { AlertmanagerActivities } from '../../activities/alertmanager.ts';
import { runbook } from '../../workflows/kit/index.ts';
import type { KitActs } from '../support/kit-acts.ts';

/** Nobody is woken by what the work itself causes. However the run ends, its silence ends with it. */
export const moveQuietly = runbook<{ readonly name: string; readonly to: string }, string, MoveActs>(
  async ({ name, to }, run) => {
    const labels = { alertname: 'TooManyErrors', service: name };
    await run.act(
      'silence what moving it causes',
      (on) => on.silenceAlert({ labels, forMs: 600_000, why: `moving ${name} to ${to}` }),
      { undo: (on) => on.expireSilence({ labels }) },
    );
    await run.act(`move ${name}`, (on) => on.hold({ line: `move ${name}` }));
    await run.act(`send its users to ${to}`, (on) => on.charge({ name: to }));
    await run.act('let it be heard again', (on) => on.expireSilence({ labels }));
    return 'moved';
  },
);

type MoveActs = KitActs & Pick<AlertmanagerActivities, 'silenceAlert' | 'expireSilence'>;
