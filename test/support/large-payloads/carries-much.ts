/** Carries as much as it is told to, where it is told to. Workflow code. */
import { runbook } from '../../../workflows/kit/index.ts';

export interface MuchActs {
  prepare(input: object): Promise<void>;
  tidy(input: object): Promise<void>;
  send(input: { readonly text: string }): Promise<void>;
  fetch(input: { readonly bytes: number }): Promise<string>;
}

export interface Much {
  readonly where: 'input' | 'answer' | 'result' | 'error' | 'nowhere';
  readonly bytes: number;
}

export const carriesMuch = runbook<Much, string, MuchActs>(async ({ where, bytes }, run) => {
  await run.act('prepare', (on) => on.prepare({}), { undo: (on) => on.tidy({}) });
  if (where === 'input') await run.act('send it', (on) => on.send({ text: 'x'.repeat(bytes) }));
  if (where === 'answer') await run.act('fetch it', (on) => on.fetch({ bytes }));
  if (where === 'error') throw new Error('x'.repeat(bytes));
  return where === 'result' ? 'x'.repeat(bytes) : 'carried';
});
