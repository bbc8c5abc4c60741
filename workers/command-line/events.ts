/** Events: send, follow, explain, prove, and what could not be handled. */
import { Option } from 'commander';
import { type CommandLine, REGION, collect } from './command-line.ts';

export function registerEvents({ program, common, end }: CommandLine): void {
  program
    .command('emit [file]')
    .description('store the events of a payload file (`-`: stdin), or one event of --type')
    .option('-k, --kind <kind>', 'kind of the payload', 'cloudevents')
    .option('-s, --sender <name>', 'sender it counts as', 'by-hand')
    .option(REGION, 'region whose stream takes it (default: the first)')
    .option('-t, --type <type>', 'type of a plain event')
    .option('-d, --data <json>', 'its data')
    .option('--id <id>', 'its id (default: a new one)')
    .action(async (file: string | undefined, options: { kind: string; sender: string }) =>
      end(
        await (
          await import('../commands/emit.ts')
        ).emit({ ...common(), ...options, ...(file === undefined ? {} : { file }) }),
      ),
    );

  program
    .command('explain <query>')
    .description('why something ran, or did not: event id, alert key, workflow id or label=value')
    .option('--since <duration>', 'how far back to look', '24h')
    .option(REGION, 'one region only')
    .action(async (query: string, options: { since: string; region?: string }) =>
      end(await (await import('../commands/explain.ts')).explain({ ...common(), ...options, query })),
    );

  program
    .command('raw <event>')
    .description('the request that an event came in, byte by byte: event id, or <region>/<sequence>')
    .option('--since <duration>', 'how far back to look for an id', '24h')
    .option(REGION, 'one region only')
    .action(async (event: string, options: { since: string; region?: string }) =>
      end(await (await import('../commands/raw.ts')).raw({ ...common(), ...options, event })),
    );

  program
    .command('tail')
    .description(
      'events as they are stored, and what becomes of each, until it is stopped; --json: one document per line',
    )
    .option('--since <duration>', 'begin so long ago (default: now)')
    .option('-n, --limit <lines>', 'end after so many')
    .option('-s, --sender <name>', 'of one sender only')
    .option('-t, --trigger <id>', 'decided by this trigger only')
    .option('-d, --disposition <kind>', 'started, joined, ignored, held, dead or filtered only')
    .option('-l, --label <name=value>', 'with this label only')
    .option(REGION, 'one region only')
    .action(async (options: object) =>
      end(await (await import('../commands/tail.ts')).tail({ ...common(), ...options })),
    );

  program
    .command('sources')
    .description('the configured senders: last event, rate, rejections, failed authentication')
    .option(REGION, 'one region only')
    .action(async (options: { region?: string }) =>
      end(await (await import('../commands/sources.ts')).listSources({ ...common(), ...options })),
    );

  program
    .command('audit')
    .description('prove that every event is recorded or pending, and that records and runs agree')
    .option('--since <duration>', 'how far back', '1h')
    .option('--repair', 'write the missing records of runs that exist', false)
    .option(REGION, 'one region only')
    .action(async (options: { since: string; repair: boolean; region?: string }) =>
      end(await (await import('../commands/audit.ts')).audit({ ...common(), ...options })),
    );

  const deadLetters = program.command('dead-letters').description('events that could not be dispatched');
  deadLetters
    .command('list')
    .option(REGION, 'one region only')
    .action(async (options: { region?: string }) =>
      end(await (await import('../commands/dead-letters.ts')).listDeadLetters({ ...common(), ...options })),
    );
  deadLetters
    .command('show <letter>')
    .action(async (name: string) =>
      end(await (await import('../commands/dead-letters.ts')).showDeadLetter(common(), name)),
    );
  deadLetters
    .command('redrive <letter>')
    .description('put it back: its trigger decides again')
    .action(async (name: string) =>
      end(await (await import('../commands/dead-letters.ts')).redriveDeadLetter(common(), name)),
    );
  deadLetters
    .command('discard <letter>')
    .action(async (name: string) =>
      end(await (await import('../commands/dead-letters.ts')).discardDeadLetter(common(), name)),
    );

  program
    .command('detect <file...>')
    .description('which sender wrote these files, and which events are in them')
    .addOption(
      new Option('-H, --header <line>', 'a header of the request; repeat for more').argParser(collect).default([]),
    )
    .option('--sender <name>', 'read them as this sender of the configuration, with its mapping and zone')
    .action(async (files: string[], { header, sender }: { header: string[]; sender?: string }) =>
      end((await import('../commands/detect.ts')).detect({ ...common(), files, headers: header, sender })),
    );
}
