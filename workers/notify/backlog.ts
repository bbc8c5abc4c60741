/** What waits for one channel, bounded. Most severe first, then oldest; when it is full, the least severe and oldest goes, and is counted. */
import type { Severity, Told } from './channel.ts';

export interface Backlog {
  readonly size: number;
  /** What had to go for it, which may be itself; null when there was room. */
  add(told: Told): Told | null;
  /** What is to be told next; undefined when nothing waits. */
  next(): Told | undefined;
  /** Everything that waits, in the same order; it waits no longer. */
  takeAll(): Told[];
}

const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info'];

export function createBacklog(max: number): Backlog {
  const waiting: Readonly<Record<Severity, Told[]>> = { critical: [], warning: [], info: [] };
  const size = (): number => SEVERITIES.reduce((sum, severity) => sum + waiting[severity].length, 0);
  return {
    get size() {
      return size();
    },
    add: (told) => {
      waiting[told.severity].push(told);
      if (size() <= max) return null;
      const least = SEVERITIES.findLast((severity) => waiting[severity].length > 0) ?? 'info';
      return waiting[least].shift() ?? null;
    },
    next: () =>
      SEVERITIES.map((severity) => waiting[severity])
        .find((queue) => queue.length > 0)
        ?.shift(),
    takeAll: () => SEVERITIES.flatMap((severity) => waiting[severity].splice(0)),
  };
}
