/** Whether the hour allows a trigger to start: the window of its `during`, where the run would act. Pure; every doubt is closed. */
import type { WindowAnswer } from '../../activities/windows/windows.ts';
import type { WindowUse } from '../../workflows/kit/window-use.ts';
import type { Trigger } from '../define-trigger.ts';
import type { Disposition } from './disposition.ts';

/** Whether a window is open now. `where`: a region. */
export type WindowNow = (use: WindowUse, where: string) => Pick<WindowAnswer, 'open' | 'opensAt' | 'why'>;

export const NO_WINDOWS: WindowNow = () => ({
  open: false,
  opensAt: null,
  why: 'closed by doubt: no windows are known here',
});

/** Null: the trigger may start at any hour, or at this one. `would`: what it would do. */
export function outsideHours(
  trigger: Trigger,
  region: string,
  would: string,
  windowNow: WindowNow,
): Disposition | null {
  if (trigger.during === undefined) return null;
  const {
    window,
    region: named,
    otherwise = 'hold',
  } = typeof trigger.during === 'string' ? { window: trigger.during } : trigger.during;
  const where = named ?? region;
  const { open, opensAt, why } = windowNow(window, where);
  if (open) return null;
  const detail = `${would}; window ${nameOf(window)} in ${where} is ${why}`;
  if (otherwise === 'ignore') return { trigger: trigger.id, kind: 'ignored', reason: 'window', detail };
  const opens = opensAt === null ? {} : { opensAt: new Date(opensAt).toISOString() };
  return { trigger: trigger.id, kind: 'held', reason: 'window', detail, window: { use: window, where, ...opens } };
}

export const nameOf = (use: WindowUse): string => (typeof use === 'string' ? use : use.window);
