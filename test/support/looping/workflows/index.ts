import { runbook } from '../../../../workflows/kit/index.ts';
import type { LoopingActs, PokeInput } from '../activities/index.ts';

export const pokeService = runbook<PokeInput, string, LoopingActs>(async (input, run) => {
  await run.act(`poke ${input.service}`, (on) => on.poke(input));
  return 'poked';
});
