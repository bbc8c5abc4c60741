/** Activities that write down what they were asked, and go wrong as their input says. */
import { Context } from '@temporalio/activity';
import { look } from '../../activities/look.ts';
import { ApplicationFailure } from '@temporalio/common';
import { permanent } from '../../activities/permanent.ts';
import { EFFECTS_STOPPED } from '../../workflows/kit/run-context.ts';
import { until } from './until.ts';

export type KitActs = ReturnType<typeof createKitActs>;

/** How a charge goes wrong, at its first time. */
export const CHARGE_FAULTS = ['hangs', 'throws', 'refuses'] as const;

/** `said`: what stands before each line that these activities write. */
export function createKitActs(lines: string[], said = '') {
  const keys = new Set<string>();
  const refused = new Map<string, string>();
  return {
    /** Fails at its first two attempts where the name says so, or always. */
    read: look(async ({ name }: { readonly name: string }) => {
      const { attempt } = Context.current().info;
      if (name === 'fails always' || (name === 'fails twice' && attempt < 3))
        throw new Error(`attempt ${attempt} failed`);
      return { lines: lines.length };
    }),
    write: async ({ line }: { readonly line: string }): Promise<void> => void lines.push(`${said}${line}`),
    /** Goes on, deaf to its cancellation, until the test has written that it may end. */
    hold: async ({ line }: { readonly line: string }): Promise<void> => {
      lines.push(line);
      await until(`${line} may end`, () => lines.includes(`${line} may end`));
      lines.push(`${line} ended`);
    },
    /** Refused by a stop at its first time; says so when it comes under another id then. */
    stopped: async ({ line }: { readonly line: string }): Promise<void> => {
      const stop = { scope: 'all', why: 'drill', by: 'Ann', at: '2026-01-01T00:00:00Z' };
      const details = [stop, Date.now(), 1, true];
      const { activityId } = Context.current().info;
      const id = refused.get(line);
      refused.set(line, activityId);
      if (id === undefined)
        throw ApplicationFailure.create({ type: EFFECTS_STOPPED, message: '', nonRetryable: true, details });
      lines.push(id === activityId ? line : `${line} under another id`);
    },
    /** Not to be repeated: it writes each time. */
    charge: async ({ name }: { readonly name: string }): Promise<{ readonly id: string }> => {
      const { activityId, workflowExecution } = Context.current().info;
      const key = `${workflowExecution?.workflowId}/${activityId}`;
      lines.push(`${said}charge ${name}`);
      const first = !keys.has(key);
      keys.add(key);
      if (first && name === 'refuses') throw permanent('NoMoney', 'there is no money');
      if (first && name === 'throws') throw new Error('connection lost');
      if (first && name === 'hangs') await new Promise(() => undefined);
      return { id: `${name}-${first ? 1 : 2}` };
    },
  };
}
