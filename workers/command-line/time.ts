/** Points and stretches of local time. */
import { type CommandLine, WHY, collect } from './command-line.ts';

export function registerTime({ program, common, end }: CommandLine): void {
  const CASES = ['--cases <file>', 'JSON lines, each a question; `-`: stdin'] as const;

  const schedule = program.command('schedule').description('points in time that become events');
  schedule
    .command('next')
    .description(
      'when cron expressions fire: {id, cron, zone, after, count, onGap, onOverlap} -> {id, instants, error}',
    )
    .requiredOption(...CASES)
    .action(async ({ cases }: { cases: string }) =>
      end((await import('../commands/schedule-next.ts')).scheduleNext({ ...common(), cases })),
    );
  schedule
    .command('list')
    .description('what is defined, its state on the server and its next instants')
    .action(async () => end(await (await import('../commands/schedule.ts')).listSchedules(common())));
  schedule
    .command('preview <schedule>')
    .description('its instants by the calendar, without any server')
    .option('--days <days>', 'how far ahead', '30')
    .action(async (id: string, { days }: { days: string }) =>
      end((await import('../commands/schedule.ts')).previewSchedule({ ...common(), id, days })),
    );
  schedule
    .command('pause <schedule>')
    .option(...WHY)
    .action(async (id: string, { why }: { why: string }) =>
      end(await (await import('../commands/schedule.ts')).pauseSchedule({ ...common(), id, why })),
    );
  schedule
    .command('resume <schedule>')
    .option(...WHY)
    .action(async (id: string, { why }: { why: string }) =>
      end(await (await import('../commands/schedule.ts')).resumeSchedule({ ...common(), id, why })),
    );
  schedule
    .command('backfill <schedule>')
    .description('publish the instants of a stretch of the past; those that had their event give none again')
    .requiredOption('--from <instant>', 'first instant, RFC 3339')
    .requiredOption('--to <instant>', 'last instant, RFC 3339')
    .action(async (id: string, { from, to }: { from: string; to: string }) =>
      end(await (await import('../commands/schedule.ts')).backfillSchedule({ ...common(), id, why: '', from, to })),
    );
  schedule
    .command('remove <schedule>')
    .description('take one off the server that is no longer defined')
    .action(async (id: string) =>
      end(await (await import('../commands/schedule.ts')).removeSchedule({ ...common(), id, why: '' })),
    );
  schedule
    .command('diff')
    .description('what the server will do against what the calendar says; exit code 1 when they differ')
    .action(async () => end(await (await import('../commands/schedule.ts')).diffSchedules(common())));

  const window = program.command('window').description('stretches of local time in which steps may act');
  window
    .command('at')
    .description('is it open: {id, window | alertmanager, zone, at} -> {id, open, closesAt, opensAt, error}')
    .requiredOption(...CASES)
    .action(async ({ cases }: { cases: string }) =>
      end((await import('../commands/window-at.ts')).windowAt({ ...common(), cases })),
    );
  const REGION = ['--region <region...>', 'where: regions, or zones; default: every region'] as const;
  const AT = ['--at <instant>', 'RFC 3339; default: now'] as const;
  window
    .command('explain <window>')
    .description('whether a window of the configuration is open, why, and when it opens and closes')
    .option(...AT)
    .option(...REGION)
    .action(async (name: string, { region = [], ...asked }: { at?: string; region?: string[] }) =>
      end((await import('../commands/window.ts')).explainWindow({ ...common(), name, regions: region, ...asked })),
    );
  window
    .command('preview <window>')
    .description('its stretches in the days ahead, what is excluded, and where clocks change')
    .option('--days <days>', 'how far ahead', '30')
    .option(...AT)
    .option(...REGION)
    .option('--svg <file>', 'also as a calendar strip; `-`: on stdout')
    .action(
      async (name: string, { region = [], ...asked }: { days: string; at?: string; region?: string[]; svg?: string }) =>
        end(
          (await import('../commands/window.ts')).previewNamedWindow({ ...common(), name, regions: region, ...asked }),
        ),
    );
  window
    .command('override <run> <window>')
    .description('open a window by hand for a run that waits for it; signed with your key')
    .requiredOption('--why <text>', 'shown in the run, and kept in the operator log')
    .option('--for <duration>', 'how long it counts as open, at most 24h', '1h')
    .option('-k, --key <file>', 'private key: a file, or env:NAME (default: that of `tocsin keys new`)')
    .action(async (run: string, name: string, options: { why: string; for: string; key?: string }) =>
      end(
        await (await import('../commands/window-override.ts')).overrideWindow({ ...common(), run, name, ...options }),
      ),
    );

  program
    .command('timetable <runbook...>')
    .description('what a rollout will come to before it runs: local and UTC times, conflicts, what can never run')
    .option('--at <instant>', 'from when, RFC 3339; default: now')
    .option('-s, --selector <label=value>', 'narrow the targets; repeat for more', collect, [])
    .option('--html <file>', 'also as a page with a chart; `-`: on stdout')
    .option('--svg <file>', 'also as a chart; `-`: on stdout')
    .action(
      async (
        runbooks: string[],
        { selector, ...asked }: { at?: string; selector: readonly string[]; html?: string; svg?: string },
      ) =>
        end(
          await (
            await import('../commands/timetable.ts')
          ).timetable({ ...common(), runbooks, selectors: selector, ...asked }),
        ),
    );
}
