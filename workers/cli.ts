#!/usr/bin/env node
/** The command line. Each command is one file of commands/; exit codes are those of exit-code.ts. */
import { isGrpcServiceError } from '@temporalio/client';
import { Command, Option } from 'commander';
import { Conflict, LogFull, LogUnavailable } from '../triggers/nats/errors.ts';
import { EngineUnavailable } from '../triggers/path/engine.ts';
import { audit } from './commands/audit.ts';
import { check } from './commands/check.ts';
import { detect } from './commands/detect.ts';
import { discardDeadLetter, listDeadLetters, redriveDeadLetter, showDeadLetter } from './commands/dead-letters.ts';
import { emit } from './commands/emit.ts';
import { explain } from './commands/explain.ts';
import { list } from './commands/list.ts';
import { intake, trigger, worker } from './commands/roles.ts';
import { raw } from './commands/raw.ts';
import { run } from './commands/run.ts';
import type { CommonOptions } from './commands/session.ts';
import { listSources } from './commands/sources.ts';
import { tail } from './commands/tail.ts';
import { listTriggers, pauseTrigger, resumeTrigger, setMode } from './commands/trigger-control.ts';
import { topology } from './commands/topology.ts';
import { up } from './commands/up.ts';
import { CommandError, EXIT } from './exit-code.ts';

const program = new Command('tocsin')
  .description('Turns infrastructure events into durable runbooks.')
  .option('-c, --config <file>', 'configuration file (default: tocsin.yaml, or TOCSIN_CONFIG)')
  .option('--json', 'print one JSON document instead of text', false)
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 done and the answer is bad, 2 configuration or usage, 3 a server is away.',
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.refused));

const common = (): CommonOptions => {
  const { config, json } = program.opts<{ config?: string; json: boolean }>();
  return { json, ...(config === undefined ? {} : { configFile: config }) };
};

const REGION = '-r, --region <region>';
const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
const regionsOption = (): Option =>
  new Option('-r, --region <region>', 'a region; repeat for more (default: all)').argParser(collect).default([]);

program
  .command('up')
  .description('every role in one process, with its own servers unless NATS_URL and TEMPORAL_ADDRESS name others')
  .option('--demo', 'bring a sick service along and heal it', false)
  .option('--once', 'end after the demo: exit code 0 only if the service is healthy again', false)
  .action(async ({ demo, once }: { demo: boolean; once: boolean }) =>
    end(await up({ ...common(), demo: demo || once, once })),
  );

program
  .command('intake')
  .description('take requests of the configured senders and store their events')
  .option(REGION, 'region whose stream takes them (default: the first)')
  .action(async ({ region }: { region?: string }) =>
    end(await intake({ ...common(), regions: region === undefined ? [] : [region] })),
  );

const triggerCommand = program
  .command('trigger')
  .description(
    'turn stored events into runs, and record what became of them; or decide about triggers (see its commands)',
  )
  .addOption(regionsOption())
  .action(async ({ region }: { region: string[] }) => end(await trigger({ ...common(), regions: region })));
/** The option stands with the command itself, so that it may be given before or behind the name of what is done. */
const triggerRegions = (): readonly string[] => triggerCommand.opts<{ region: string[] }>().region;
const WHY = ['--why <text>', 'kept beside the change', ''] as const;
triggerCommand
  .command('list')
  .description('modes, pauses and the last changes')
  .action(async () => end(await listTriggers({ ...common(), regions: triggerRegions() })));
triggerCommand
  .command('mode <trigger> <mode>')
  .description('observe: record what would run; auto: run it')
  .option(...WHY)
  .action(async (id: string, mode: string, { why }: { why: string }) =>
    end(await setMode({ ...common(), regions: triggerRegions(), id, why }, mode)),
  );
triggerCommand
  .command('pause <trigger>')
  .description('start nothing; events are held for the list of `resume`')
  .option('--ignore', 'do not list them', false)
  .option(...WHY)
  .action(async (id: string, { ignore, why }: { ignore: boolean; why: string }) =>
    end(await pauseTrigger({ ...common(), regions: triggerRegions(), id, why }, ignore ? 'ignore' : 'hold')),
  );
triggerCommand
  .command('resume <trigger>')
  .description('start again from now on, and list what was held')
  .option(...WHY)
  .action(async (id: string, { why }: { why: string }) =>
    end(await resumeTrigger({ ...common(), regions: triggerRegions(), id, why })),
  );

program
  .command('worker')
  .description('run runbooks, and activities of regions')
  .addOption(regionsOption())
  .option('--no-runbooks', 'activities only')
  .action(async ({ region, runbooks }: { region: string[]; runbooks: boolean }) =>
    end(await worker({ ...common(), regions: region, runbooks })),
  );

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
    end(await emit({ ...common(), ...options, ...(file === undefined ? {} : { file }) })),
  );

program
  .command('run <runbook>')
  .description('start a runbook by hand')
  .option('-i, --input <json>', 'its input', '{}')
  .option(REGION, 'region whose workers act (default: the first)')
  .option('--id <id>', 'the same id starts it once only')
  .option('-w, --wait', 'wait for its end; exit code 0 only if it completed', false)
  .option('--timeout <duration>', 'bound on the run', '1h')
  .action(async (runbook: string, options: { input: string; wait: boolean; timeout: string }) =>
    end(await run({ ...common(), ...options, runbook })),
  );

program
  .command('explain <query>')
  .description('why something ran, or did not: event id, alert key, workflow id or label=value')
  .option('--since <duration>', 'how far back to look', '24h')
  .option(REGION, 'one region only')
  .action(async (query: string, options: { since: string; region?: string }) =>
    end(await explain({ ...common(), ...options, query })),
  );

program
  .command('raw <event>')
  .description('the request that an event came in, byte by byte: event id, or <region>/<sequence>')
  .option('--since <duration>', 'how far back to look for an id', '24h')
  .option(REGION, 'one region only')
  .action(async (event: string, options: { since: string; region?: string }) =>
    end(await raw({ ...common(), ...options, event })),
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
  .action(async (options: object) => end(await tail({ ...common(), ...options })));

program
  .command('sources')
  .description('the configured senders: last event, rate, rejections, failed authentication')
  .option(REGION, 'one region only')
  .action(async (options: { region?: string }) => end(await listSources({ ...common(), ...options })));

program
  .command('audit')
  .description('prove that every event is recorded or pending, and that records and runs agree')
  .option('--since <duration>', 'how far back', '1h')
  .option('--repair', 'write the missing records of runs that exist', false)
  .option(REGION, 'one region only')
  .action(async (options: { since: string; repair: boolean; region?: string }) =>
    end(await audit({ ...common(), ...options })),
  );

const deadLetters = program.command('dead-letters').description('events that could not be dispatched');
deadLetters
  .command('list')
  .option(REGION, 'one region only')
  .action(async (options: { region?: string }) => end(await listDeadLetters({ ...common(), ...options })));
deadLetters.command('show <letter>').action(async (name: string) => end(await showDeadLetter(common(), name)));
deadLetters
  .command('redrive <letter>')
  .description('put it back: its trigger decides again')
  .action(async (name: string) => end(await redriveDeadLetter(common(), name)));
deadLetters.command('discard <letter>').action(async (name: string) => end(await discardDeadLetter(common(), name)));

program
  .command('list')
  .description('runbooks, triggers, senders and targets')
  .action(() => end(list(common())));

program
  .command('detect <file...>')
  .description('which sender wrote these files, and which events are in them')
  .addOption(
    new Option('-H, --header <line>', 'a header of the request; repeat for more').argParser(collect).default([]),
  )
  .action((files: string[], { header }: { header: string[] }) => end(detect({ ...common(), files, headers: header })));

program
  .command('check')
  .description('configuration, triggers, schemas and workflow code, without network')
  .action(async () => end(await check(common())));

program
  .command('topology')
  .description('what the servers lack or have otherwise than configured')
  .option('--apply', 'create and change it', false)
  .action(async ({ apply }: { apply: boolean }) => end(await topology({ ...common(), apply })));

/** Anything still open (a handle of a library) must not keep a finished command from ending. */
function end(code: number): void {
  process.exitCode = Math.max(code, Number(process.exitCode ?? 0));
  setTimeout(() => process.exit(), 1_000).unref();
}

/** A server that went away in the middle: the same command may succeed later. */
function isAway(error: unknown): error is Error {
  return (
    error instanceof LogUnavailable ||
    error instanceof LogFull ||
    error instanceof Conflict ||
    error instanceof EngineUnavailable ||
    isGrpcServiceError(error)
  );
}

try {
  await program.parseAsync();
} catch (error) {
  const known = error instanceof CommandError || isAway(error);
  const message = known ? error.message : error;
  if (common().json) process.stdout.write(`${JSON.stringify({ error: known ? error.message : String(error) })}\n`);
  else console.error(message);
  end(error instanceof CommandError ? error.exitCode : isAway(error) ? EXIT.unavailable : EXIT.failed);
}
