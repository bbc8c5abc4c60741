/** What windows, lists of holidays and freezes are configured. */
import type { Freeze, HolidayList } from './holiday-list.ts';

export interface WindowDefinitions {
  /** As `tocsin.yaml` has them. */
  readonly windows: Readonly<Record<string, unknown>>;
  /** Asked at each use, so that a list that was extended takes effect; may throw, which closes the windows that need it. */
  readonly holidays?: Readonly<Record<string, () => HolidayList>>;
  readonly freezes?: readonly Freeze[];
}
