/** Rollouts: how they go, and how they are steered. */
import type { CommandLine } from './command-line.ts';

export function registerRollouts({ program, common, end }: CommandLine): void {
  const rollout = program
    .command('rollout')
    .description('rollouts in waves: how one goes, pause, resume, skip, reorder');
  const WHY = ['--why <text>', 'kept in the operator log and in the run'] as const;
  const load = () => import('../commands/rollout.ts');
  rollout
    .command('show <run>')
    .description('its waves and how far they are')
    .action(async (run: string) => end(await (await load()).showRollout({ ...common(), run })));
  for (const [kind, what] of [
    ['pause', 'begin with no further target; those at work go on to their end'],
    ['resume', 'go on'],
  ] as const)
    rollout
      .command(`${kind} <run>`)
      .description(what)
      .requiredOption(...WHY)
      .action(async (run: string, { why }: { why: string }) =>
        end(await (await load()).steerRollout({ ...common(), run, why }, { kind })),
      );
  rollout
    .command('skip <run> <wave>')
    .description('leave out a wave that has not begun')
    .requiredOption(...WHY)
    .action(async (run: string, wave: string, { why }: { why: string }) =>
      end(await (await load()).steerRollout({ ...common(), run, why }, { kind: 'skip', wave })),
    );
  rollout
    .command('reorder <run> <waves...>')
    .description('these waves come next, in this order; the others after them')
    .requiredOption(...WHY)
    .action(async (run: string, waves: string[], { why }: { why: string }) =>
      end(await (await load()).steerRollout({ ...common(), run, why }, { kind: 'reorder', waves })),
    );
}
