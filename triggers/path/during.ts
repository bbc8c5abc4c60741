/** Whether the hour allows a trigger to start: the window of its `during`, where the run would act. Pure; every doubt is closed. */
import type { WindowUse } from '../../workflows/kit/window-use.ts';
import type { Trigger } from '../define-trigger.ts';
import type { Disposition } from './disposition.ts';

/** The named windows of the configuration, as far as triggers ask. */
export interface Windows {
  /** `where`: a region. Never throws: what is not known is closed, and `why` says so. */
  at(use: WindowUse, where: string, atMs: number): WindowState;
}

export interface WindowState {
  readonly open: boolean;
  /** While it is closed: when it opens, ms since 1970; null: that is not known. */
  readonly opensAt: number | null;
  /** One line for people. */
  readonly why: string;
}

/** The same, at the moment of a decision. */
export type WindowNow = (use: WindowUse, where: string) => WindowState;

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
