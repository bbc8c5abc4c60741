/** Stop all effects, let them go on, and decide about what was held meanwhile. */
import { type Command, Option } from 'commander';
import type { Decision } from '../commands/resume.ts';
import { parseRate } from '../red-button/paced.ts';
import { type CommandLine, regionsOption, WHY } from './command-line.ts';

interface RedButtonFlags {
  readonly scope: string;
  readonly why: string;
  readonly local: boolean;
  readonly region: string[];
}

export function registerRedButton({ program, common, end }: CommandLine): void {
  const redButton = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--scope <label=value>', 'service=, region=, target=, trigger=, runbook= or any label of an alert', 'all')
      .option('--local', 'by the stop file of this host alone: needs neither NATS nor Temporal', false)
      .addOption(regionsOption())
      .option(...WHY);
  redButton('stop', 'the red button: no new effect, all events are kept').action(async (flags: RedButtonFlags) =>
    end(await (await import('../commands/stop.ts')).stop({ ...common(), ...flags, regions: flags.region })),
  );
  redButton('resume', 'allow effects again, and decide about the events that were held')
    .addOption(new Option('--discard', 'start nothing of what was held').conflicts(['merge', 'release']))
    .addOption(new Option('--merge', 'one run for each alert that is still open, now').conflicts('release'))
    .option('--release <rate>', 'the same at a rate, as 10/m')
    .action(async (flags: RedButtonFlags & { discard?: true; merge?: true; release?: string }) =>
      end(
        await (
          await import('../commands/resume.ts')
        ).resume({ ...common(), ...flags, regions: flags.region, decision: decisionOf(flags) }),
      ),
    );

  const held = program.command('held').description('events that were kept from starting a run');
  held
    .command('list')
    .description('by alert: why, how often, and what has become of it')
    .option('--since <duration>', 'how far back', '24h')
    .addOption(regionsOption())
    .action(async ({ since, region }: { since: string; region: string[] }) =>
      end(await (await import('../commands/held.ts')).listHeld({ ...common(), since, regions: region })),
    );
  held
    .command('release <name>')
    .description('put it back: its triggers decide again, and a loop no longer holds it')
    .action(async (name: string) => end(await (await import('../commands/held.ts')).releaseHeld(common(), name)));
}

function decisionOf(flags: { discard?: true; merge?: true; release?: string }): Decision {
  if (flags.release !== undefined) return { kind: 'release', rate: parseRate(flags.release) };
  if (flags.merge === true) return { kind: 'merge' };
  return { kind: flags.discard === true ? 'discard' : 'list' };
}
