/** The same trigger, its condition under a stopwatch: a slow `when` holds up every event behind it, so it has to be seen. */
import type { Trigger } from '../define-trigger.ts';

/** `observe` gets the milliseconds of each call, also of one that throws. */
export function timed(trigger: Trigger, observe: (trigger: string, ms: number) => void): Trigger {
  const { when } = trigger;
  if (when === undefined) return trigger;
  return {
    ...trigger,
    when: (event) => {
      const begun = performance.now();
      try {
        return when(event);
      } finally {
        observe(trigger.id, performance.now() - begun);
      }
    },
  };
}
