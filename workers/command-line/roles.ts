/** What a process can be, and what operators decide about triggers. */
import { type CommandLine, REGION, regionsOption, WHY } from './command-line.ts';

export function registerRoles({ program, common, end }: CommandLine): void {
  program
    .command('up')
    .description(
      'every role in one process, with its own servers unless NATS_URL and TEMPORAL_ADDRESS name others; --json: one document per line',
    )
    .option('--demo', 'bring a sick service along and heal it', false)
    .option('--once', 'end after the demo: exit code 0 only if the service is healthy again', false)
    .action(async ({ demo, once }: { demo: boolean; once: boolean }) =>
      end(await (await import('../commands/up.ts')).up({ ...common(), demo: demo || once, once })),
    );

  program
    .command('dev')
    .description('the same for engineers: the code is exchanged on save, the servers stay')
    .action(async () => end(await (await import('../commands/dev.ts')).dev(common())));

  program
    .command('intake')
    .description('take requests of the configured senders and store their events')
    .option(REGION, 'region whose stream takes them (default: the first)')
    .action(async ({ region }: { region?: string }) =>
      end(
        await (
          await import('../commands/roles.ts')
        ).intake({ ...common(), regions: region === undefined ? [] : [region] }),
      ),
    );

  const triggerCommand = program
    .command('trigger')
    .description(
      'turn stored events into runs, and record what became of them; or decide about triggers (see its commands)',
    )
    .addOption(regionsOption())
    .action(async ({ region }: { region: string[] }) =>
      end(await (await import('../commands/roles.ts')).trigger({ ...common(), regions: region })),
    );
  /** The option stands with the command itself, so that it may be given before or behind the name of what is done. */
  const triggerRegions = (): readonly string[] => triggerCommand.opts<{ region: string[] }>().region;
  triggerCommand
    .command('list')
    .description('modes, pauses and the last changes')
    .action(async () =>
      end(
        await (await import('../commands/trigger-control.ts')).listTriggers({ ...common(), regions: triggerRegions() }),
      ),
    );
  triggerCommand
    .command('mode <trigger> <mode>')
    .description('observe: record what would run, with its plan; approve: run it once it is approved; auto: run it')
    .option(...WHY)
    .action(async (id: string, mode: string, { why }: { why: string }) =>
      end(
        await (
          await import('../commands/trigger-control.ts')
        ).setMode({ ...common(), regions: triggerRegions(), id, why }, mode),
      ),
    );
  triggerCommand
    .command('pause <trigger>')
    .description('start nothing; events are held for the list of `resume`')
    .option('--ignore', 'do not list them', false)
    .option(...WHY)
    .action(async (id: string, { ignore, why }: { ignore: boolean; why: string }) =>
      end(
        await (
          await import('../commands/trigger-control.ts')
        ).pauseTrigger({ ...common(), regions: triggerRegions(), id, why }, ignore ? 'ignore' : 'hold'),
      ),
    );
  triggerCommand
    .command('resume <trigger>')
    .description('start again from now on, and list what was held')
    .option(...WHY)
    .action(async (id: string, { why }: { why: string }) =>
      end(
        await (
          await import('../commands/trigger-control.ts')
        ).resumeTrigger({ ...common(), regions: triggerRegions(), id, why }),
      ),
    );

  program
    .command('worker')
    .description('run runbooks, and activities of regions')
    .addOption(regionsOption())
    .option('--no-runbooks', 'activities only')
    .action(async ({ region, runbooks }: { region: string[]; runbooks: boolean }) =>
      end(await (await import('../commands/roles.ts')).worker({ ...common(), regions: region, runbooks })),
    );
}
