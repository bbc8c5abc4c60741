/** Activities that write down that they were called. */
import { Context, heartbeat, sleep } from '@temporalio/activity';

export type WindowActs = ReturnType<typeof createWindowActs>;

/** `called` is told before anything is written. */
export function createWindowActs(calls: string[], called: (what: string) => void | Promise<void> = () => undefined) {
  const write =
    (what: string) =>
    async ({ name }: { readonly name: string }): Promise<void> => {
      const { workflowExecution } = Context.current().info;
      calls.push(`${workflowExecution?.workflowId ?? ''} ${what} ${name}`);
      await called(what);
    };
  return {
    patch: write('patch'),
    unpatch: write('unpatch'),
    reboot: write('reboot'),
    endless: async (input: { readonly name: string }): Promise<void> => {
      await write('endless')(input);
      for (;;) {
        heartbeat();
        await sleep(200);
      }
    },
  };
}
