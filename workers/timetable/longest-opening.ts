/** Whether a window is ever long enough for what is to be done in it. */
import { HORIZON } from '../../activities/calendar/next-opening.ts';
import type { Windows } from '../../activities/windows/windows.ts';
import type { WindowUse } from '../../workflows/kit/window-use.ts';
import { lasts } from '../windows/preview-text.ts';

export interface NeededWindow {
  readonly use: WindowUse;
  readonly where: string;
  readonly needSeconds: number;
}

/** Why it never is, within 400 days from `at` (seconds since 1970); null: it is, or it does not open at all, or is in doubt. */
export function tooShort(
  windows: Pick<Windows, 'at' | 'openings'>,
  { use, where, needSeconds }: NeededWindow,
  at: number,
): string | null {
  const [bare, needed] = [0, needSeconds].map((need) => windows.at(use, where, at * 1_000, need * 1_000));
  const opens = (answer: typeof bare): boolean => answer?.open === true || (answer?.opensAt ?? null) !== null;
  if (!opens(bare) || opens(needed)) return null;
  const stretches = windows.openings(use, where, at * 1_000, (at + HORIZON) * 1_000);
  const longest = Math.max(...stretches.map(({ from, to }) => (to - from) / 1_000));
  return `its longest opening within 400 days is ${lasts(longest)}, and ${lasts(needSeconds)} are needed`;
}
