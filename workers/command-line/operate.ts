/** What is set up, how it is, and who did what. */
import { type CommandLine, REGION } from './command-line.ts';

export function registerOperate({ program, common, end }: CommandLine): void {
  program
    .command('status')
    .description('one screen: servers, regions and lag, runs, approvals, dead letters, paused triggers')
    .option('-w, --watch', 'look again every two seconds', false)
    .action(async ({ watch }: { watch: boolean }) =>
      end(await (await import('../commands/status.ts')).status({ ...common(), watch })),
    );

  program
    .command('list')
    .description('runbooks, triggers, senders and targets')
    .action(async () => end((await import('../commands/list.ts')).list(common())));

  program
    .command('doctor')
    .description(
      'what is wrong or will be, each with its remedy: servers, versions, rights, limits, clocks, zone data, disk',
    )
    .action(async () => end(await (await import('../commands/doctor.ts')).doctor(common())));

  program
    .command('check')
    .description('configuration, triggers, schemas and workflow code, without network')
    .action(async () => end(await (await import('../commands/check.ts')).check(common())));

  program
    .command('topology')
    .description('what the servers lack or have otherwise than configured')
    .option('--apply', 'create and change it', false)
    .option('--nats-config', 'print users with least privilege for the NATS server, without asking it', false)
    .option(REGION, 'for --nats-config: one region only')
    .action(async ({ apply, natsConfig: print, ...region }: { apply: boolean; natsConfig: boolean; region?: string }) =>
      end(
        print
          ? (await import('../commands/topology.ts')).natsConfig({ ...common(), ...region })
          : await (await import('../commands/topology.ts')).topology({ ...common(), apply }),
      ),
    );

  program
    .command('codec-server')
    .description('decode for the Temporal UI what is encrypted')
    .action(async () => end(await (await import('../commands/codec-server.ts')).codecServer(common())));

  const operatorLog = program.command('operator-log').description('who did what');
  operatorLog
    .command('list')
    .option(REGION, 'one region only')
    .action(async (options: { region?: string }) =>
      end(await (await import('../commands/operator-log.ts')).listActs({ ...common(), ...options })),
    );
  operatorLog
    .command('verify')
    .description('whether a line was changed, is missing or was put in; tells the head of the chain')
    .option(REGION, 'one region only')
    .option('--head <number:hash>', 'head that an earlier verification told')
    .action(async (options: { region?: string; head?: string }) =>
      end(await (await import('../commands/operator-log.ts')).verifyActs({ ...common(), ...options })),
    );
}
