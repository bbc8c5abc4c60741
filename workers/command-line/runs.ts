/** Runs: start, approve, look at, end; and what bounds them. */
import { type CommandLine, REGION, collect } from './command-line.ts';

export function registerRuns({ program, common, end }: CommandLine): void {
  program
    .command('run <runbook>')
    .description('start a runbook by hand')
    .option('-i, --input <json>', 'its input', '{}')
    .option(REGION, 'region whose workers act (default: the first)')
    .option('--id <id>', 'the same id starts it once only')
    .option('--plan', 'print what it would do, and do nothing', false)
    .option('--approve', 'make a plan and wait until somebody else approves it', false)
    .option('-w, --wait', 'wait for its end; exit code 0 only if it completed', false)
    .option('--timeout <duration>', 'bound on the run', '1h')
    .action(
      async (
        runbook: string,
        options: { input: string; wait: boolean; timeout: string; plan: boolean; approve: boolean },
      ) => end(await (await import('../commands/run.ts')).run({ ...common(), ...options, runbook })),
    );

  for (const [decision, what] of [
    ['approve', 'let a run do what it plans'],
    ['deny', 'end a run before it does what it plans'],
  ] as const)
    program
      .command(`${decision} <run>`)
      .description(`${what}; signed with your key`)
      .option('-k, --key <file>', 'private key: a file, or env:NAME (default: that of `tocsin keys new`)')
      .option('--plan <hash>', 'only if this is the plan it asks about')
      .option('-y, --yes', 'do not ask again', false)
      .option('--why <text>', 'kept beside the answer', '')
      .action(async (name: string, options: { key?: string; plan?: string; yes: boolean; why: string }) =>
        end(await (await import('../commands/approve.ts')).answer({ ...common(), ...options, run: name }, decision)),
      );

  program
    .command('answer <run> <choice>')
    .description('answer what a run asks; signed with your key')
    .option('-k, --key <file>', 'private key: a file, or env:NAME (default: that of `tocsin keys new`)')
    .option('-y, --yes', 'do not ask again', false)
    .requiredOption('--why <text>', 'kept beside the answer')
    .action(async (name: string, choice: string, options: { key?: string; yes: boolean; why: string }) =>
      end(await (await import('../commands/answer.ts')).answer({ ...common(), ...options, run: name, choice })),
    );

  program
    .command('keys')
    .description('keys to approve with')
    .command('new')
    .description('make a key; prints its entry for approvals.keys')
    .option('-o, --out <file>', 'where the private key is kept (default: ~/.config/tocsin/approval-key.pem)')
    .option('--person <name>', 'whose key it is (default: your user name)')
    .option('--id <id>', 'its name in the key ring')
    .action(async (options: { out?: string; person?: string; id?: string }) =>
      end((await import('../commands/keys.ts')).newKey({ ...common(), ...options })),
    );

  const runs = program.command('runs').description('runs: which there are, what one did, and how to end it');
  runs
    .command('list')
    .option('--status <status>', 'running, completed, failed, terminated, canceled or timed-out')
    .option('--phase <phase>', 'as the run itself says: ordinary, or what it met, e.g. approval or undoing')
    .option('--trigger <id>', 'started by this trigger; by-hand: by an operator')
    .option('--service <name>', 'of this service')
    .option(REGION, 'one region only')
    .option('--since <duration>', 'started within', '24h')
    .option('--limit <count>', 'at most so many, newest first', '100')
    .action(async (options: { since: string; limit: string }) =>
      end(await (await import('../commands/runs.ts')).list({ ...common(), ...options })),
    );
  runs
    .command('show <workflow-id>')
    .description('state, checklist, input, failure and timeline')
    .option('-m, --markdown', 'its post-mortem: seen, done, undone, answered by whom', false)
    .action(async (id: string, options: { markdown: boolean }) =>
      end(await (await import('../commands/runs.ts')).show({ ...common(), ...options }, id)),
    );
  runs
    .command('cancel <workflow-id>')
    .description('ask it to end; it undoes what it did first')
    .requiredOption('--why <text>', 'kept in its history')
    .option('-w, --wait', 'wait for its end', false)
    .action(async (id: string, options: { why: string; wait: boolean }) =>
      end(await (await import('../commands/runs.ts')).cancel({ ...common(), ...options }, id)),
    );

  const limits = program
    .command('limits')
    .description('who holds which limit, who waits, and what is stopped')
    .action(async () => end(await (await import('../commands/limits.ts')).listLimits(common())));
  limits
    .command('show <name> [scope]')
    .description('one limit for one scope; exit code 1 while it is stopped')
    .action(async (name: string, scope?: string) =>
      end(await (await import('../commands/limits.ts')).showLimit({ ...common(), name, scope: scope ?? '' })),
    );

  program
    .command('targets')
    .description('what runbooks may act upon, who names it and how old that is')
    .option('-s, --selector <label=value>', 'only those; repeat for more (default: all)', collect, [])
    .option(REGION, 'one region only')
    .action(async ({ selector, region }: { selector: readonly string[]; region?: string }) =>
      end(
        await (
          await import('../commands/targets.ts')
        ).targets({ ...common(), selectors: selector, ...(region === undefined ? {} : { region }) }),
      ),
    );
}
