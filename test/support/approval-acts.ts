/** Activities that write down that they were called. */
import { look } from '../../activities/look.ts';
import { permanent } from '../../activities/permanent.ts';

export type ApprovalActs = ReturnType<typeof createApprovalActs>;

/** `gate`: what `restore` waits for once it has written. */
export function createApprovalActs(called: string[], gate: () => Promise<void> = () => Promise.resolve()) {
  let counted = 0;
  return {
    look: look(async ({ name }: { readonly name: string }) => ({ name })),
    count: look(async (_input: { readonly name: string }) => ({ seen: (counted += 1) })),
    snapshot: async ({ name }: { readonly name: string }) => {
      called.push(`snapshot ${name}`);
      return { id: `snap-${name}` };
    },
    restore: async ({ id }: { readonly id: string }): Promise<void> => {
      called.push(`restore ${id}`);
      await gate();
    },
    drop: async ({ name }: { readonly name: string }): Promise<void> => void called.push(`drop ${name}`),
    fail: async ({ name }: { readonly name: string }): Promise<void> => {
      called.push(`fail ${name}`);
      throw permanent('Broken', `${name} is broken`);
    },
  };
}
