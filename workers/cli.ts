#!/usr/bin/env node
/** The command line. Each command is one file of commands/; exit codes are those of exit-code.ts. */
import { isGrpcServiceError } from '@temporalio/client';
import { Command, Option } from 'commander';
import { Conflict, LogFull, LogUnavailable } from '../triggers/nats/errors.ts';
import { EngineUnavailable } from '../triggers/path/engine.ts';
import { answer } from './commands/approve.ts';
import { audit } from './commands/audit.ts';
import { check } from './commands/check.ts';
import { codecServer } from './commands/codec-server.ts';
import { detect } from './commands/detect.ts';
import { discardDeadLetter, listDeadLetters, redriveDeadLetter, showDeadLetter } from './commands/dead-letters.ts';
import { doctor } from './commands/doctor.ts';
import { emit } from './commands/emit.ts';
import { explain } from './commands/explain.ts';
import { newKey } from './commands/keys.ts';
import { listHeld, releaseHeld } from './commands/held.ts';
import { listLimits, showLimit } from './commands/limits.ts';
import { list } from './commands/list.ts';
import { type Decision, resume } from './commands/resume.ts';
import { intake, trigger, worker } from './commands/roles.ts';
import { raw } from './commands/raw.ts';
import { run } from './commands/run.ts';
import { scheduleNext } from './commands/schedule-next.ts';
import {
  backfillSchedule,
  diffSchedules,
  listSchedules,
  pauseSchedule,
  previewSchedule,
  removeSchedule,
  resumeSchedule,
} from './commands/schedule.ts';
import * as runsOf from './commands/runs.ts';
import type { CommonOptions } from './commands/session.ts';
import { targets } from './commands/targets.ts';
import { listSources } from './commands/sources.ts';
import { tail } from './commands/tail.ts';
import { listTriggers, pauseTrigger, resumeTrigger, setMode } from './commands/trigger-control.ts';
import { natsConfig, topology } from './commands/topology.ts';
import { status } from './commands/status.ts';
import { stop } from './commands/stop.ts';
import { up } from './commands/up.ts';
import { windowAt } from './commands/window-at.ts';
import { listActs, verifyActs } from './commands/operator-log.ts';
import { CommandError, EXIT } from './exit-code.ts';
import { parseRate } from './red-button/paced.ts';

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
  .description('observe: record what would run, with its plan; approve: run it once it is approved; auto: run it')
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

interface RedButtonFlags {
  readonly scope: string;
  readonly why: string;
  readonly local: boolean;
  readonly region: string[];
}
const redButton = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .option('--scope <label=value>', 'service=, region=, target=, trigger=, runbook= or any label of an alert', 'all')
    .option('--local', 'by the stop file of this host alone: needs neither NATS nor Temporal', false)
    .addOption(regionsOption())
    .option(...WHY);
redButton('stop', 'the red button: no new effect, all events are kept').action(async (flags: RedButtonFlags) =>
  end(await stop({ ...common(), ...flags, regions: flags.region })),
);
redButton('resume', 'allow effects again, and decide about the events that were held')
  .addOption(new Option('--discard', 'start nothing of what was held').conflicts(['merge', 'release']))
  .addOption(new Option('--merge', 'one run for each alert that is still open, now').conflicts('release'))
  .option('--release <rate>', 'the same at a rate, as 10/m')
  .action(async (flags: RedButtonFlags & { discard?: true; merge?: true; release?: string }) =>
    end(await resume({ ...common(), ...flags, regions: flags.region, decision: decisionOf(flags) })),
  );

function decisionOf(flags: { discard?: true; merge?: true; release?: string }): Decision {
  if (flags.release !== undefined) return { kind: 'release', rate: parseRate(flags.release) };
  if (flags.merge === true) return { kind: 'merge' };
  return { kind: flags.discard === true ? 'discard' : 'list' };
}

const held = program.command('held').description('events that were kept from starting a run');
held
  .command('list')
  .description('by alert: why, how often, and what has become of it')
  .option('--since <duration>', 'how far back', '24h')
  .addOption(regionsOption())
  .action(async ({ since, region }: { since: string; region: string[] }) =>
    end(await listHeld({ ...common(), since, regions: region })),
  );
held
  .command('release <name>')
  .description('put it back: its triggers decide again, and a loop no longer holds it')
  .action(async (name: string) => end(await releaseHeld(common(), name)));

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
  .option('--plan', 'print what it would do, and do nothing', false)
  .option('--approve', 'make a plan and wait until somebody else approves it', false)
  .option('-w, --wait', 'wait for its end; exit code 0 only if it completed', false)
  .option('--timeout <duration>', 'bound on the run', '1h')
  .action(
    async (
      runbook: string,
      options: { input: string; wait: boolean; timeout: string; plan: boolean; approve: boolean },
    ) => end(await run({ ...common(), ...options, runbook })),
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
      end(await answer({ ...common(), ...options, run: name }, decision)),
    );

program
  .command('keys')
  .description('keys to approve with')
  .command('new')
  .description('make a key; prints its entry for approvals.keys')
  .option('-o, --out <file>', 'where the private key is kept (default: ~/.config/tocsin/approval-key.pem)')
  .option('--person <name>', 'whose key it is (default: your user name)')
  .option('--id <id>', 'its name in the key ring')
  .action((options: { out?: string; person?: string; id?: string }) => end(newKey({ ...common(), ...options })));
const runs = program.command('runs').description('runs: which there are, what one did, and how to end it');
runs
  .command('list')
  .option('--status <status>', 'running, completed, failed, terminated, canceled or timed-out')
  .option('--phase <phase>', 'as the run itself says, e.g. acting or approval')
  .option('--trigger <id>', 'started by this trigger; by-hand: by an operator')
  .option('--service <name>', 'of this service')
  .option(REGION, 'one region only')
  .option('--since <duration>', 'started within', '24h')
  .option('--limit <count>', 'at most so many, newest first', '100')
  .action(async (options: { since: string; limit: string }) => end(await runsOf.list({ ...common(), ...options })));
runs
  .command('show <workflow-id>')
  .description('state, checklist, input, failure and timeline')
  .action(async (id: string) => end(await runsOf.show(common(), id)));
runs
  .command('cancel <workflow-id>')
  .description('ask it to end; it undoes what it did first')
  .requiredOption('--why <text>', 'kept in its history')
  .option('-w, --wait', 'wait for its end', false)
  .action(async (id: string, options: { why: string; wait: boolean }) =>
    end(await runsOf.cancel({ ...common(), ...options }, id)),
  );

program
  .command('status')
  .description('one screen: servers, regions and lag, runs, approvals, dead letters, paused triggers')
  .option('-w, --watch', 'look again every two seconds', false)
  .action(async ({ watch }: { watch: boolean }) => end(await status({ ...common(), watch })));

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

const limits = program
  .command('limits')
  .description('who holds which limit, who waits, and what is stopped')
  .action(async () => end(await listLimits(common())));
limits
  .command('show <name> [scope]')
  .description('one limit for one scope; exit code 1 while it is stopped')
  .action(async (name: string, scope?: string) => end(await showLimit({ ...common(), name, scope: scope ?? '' })));

program
  .command('list')
  .description('runbooks, triggers, senders and targets')
  .action(() => end(list(common())));

program
  .command('targets')
  .description('what runbooks may act upon, who names it and how old that is')
  .option('-s, --selector <label=value>', 'only those; repeat for more (default: all)', collect, [])
  .option(REGION, 'one region only')
  .action(async ({ selector, region }: { selector: readonly string[]; region?: string }) =>
    end(await targets({ ...common(), selectors: selector, ...(region === undefined ? {} : { region }) })),
  );

program
  .command('detect <file...>')
  .description('which sender wrote these files, and which events are in them')
  .addOption(
    new Option('-H, --header <line>', 'a header of the request; repeat for more').argParser(collect).default([]),
  )
  .action((files: string[], { header }: { header: string[] }) => end(detect({ ...common(), files, headers: header })));

const CASES = ['--cases <file>', 'JSON lines, each a question; `-`: stdin'] as const;
const schedule = program.command('schedule').description('points in time that become events');
schedule
  .command('next')
  .description('when cron expressions fire: {id, cron, zone, after, count, onGap, onOverlap} -> {id, instants, error}')
  .requiredOption(...CASES)
  .action(({ cases }: { cases: string }) => end(scheduleNext({ ...common(), cases })));
schedule
  .command('list')
  .description('what is defined, its state on the server and its next instants')
  .action(async () => end(await listSchedules(common())));
schedule
  .command('preview <schedule>')
  .description('its instants by the calendar, without any server')
  .option('--days <days>', 'how far ahead', '30')
  .action((id: string, { days }: { days: string }) => end(previewSchedule({ ...common(), id, days })));
schedule
  .command('pause <schedule>')
  .option(...WHY)
  .action(async (id: string, { why }: { why: string }) => end(await pauseSchedule({ ...common(), id, why })));
schedule
  .command('resume <schedule>')
  .option(...WHY)
  .action(async (id: string, { why }: { why: string }) => end(await resumeSchedule({ ...common(), id, why })));
schedule
  .command('backfill <schedule>')
  .description('publish the instants of a stretch of the past; those that had their event give none again')
  .requiredOption('--from <instant>', 'first instant, RFC 3339')
  .requiredOption('--to <instant>', 'last instant, RFC 3339')
  .action(async (id: string, { from, to }: { from: string; to: string }) =>
    end(await backfillSchedule({ ...common(), id, why: '', from, to })),
  );
schedule
  .command('remove <schedule>')
  .description('take one off the server that is no longer defined')
  .action(async (id: string) => end(await removeSchedule({ ...common(), id, why: '' })));
schedule
  .command('diff')
  .description('what the server will do against what the calendar says; exit code 1 when they differ')
  .action(async () => end(await diffSchedules(common())));
program
  .command('window')
  .description('stretches of local time in which steps may act')
  .command('at')
  .description('is it open: {id, window | alertmanager, zone, at} -> {id, open, closesAt, opensAt, error}')
  .requiredOption(...CASES)
  .action(({ cases }: { cases: string }) => end(windowAt({ ...common(), cases })));

program
  .command('doctor')
  .description(
    'what is wrong or will be, each with its remedy: servers, versions, rights, limits, clocks, zone data, disk',
  )
  .action(async () => end(await doctor(common())));

program
  .command('check')
  .description('configuration, triggers, schemas and workflow code, without network')
  .action(async () => end(await check(common())));

program
  .command('topology')
  .description('what the servers lack or have otherwise than configured')
  .option('--apply', 'create and change it', false)
  .option('--nats-config', 'print users with least privilege for the NATS server, without asking it', false)
  .option(REGION, 'for --nats-config: one region only')
  .action(async ({ apply, natsConfig: print, ...region }: { apply: boolean; natsConfig: boolean; region?: string }) =>
    end(print ? natsConfig({ ...common(), ...region }) : await topology({ ...common(), apply })),
  );

program
  .command('codec-server')
  .description('decode for the Temporal UI what is encrypted')
  .action(async () => end(await codecServer(common())));

const operatorLog = program.command('operator-log').description('who did what');
operatorLog
  .command('list')
  .option(REGION, 'one region only')
  .action(async (options: { region?: string }) => end(await listActs({ ...common(), ...options })));
operatorLog
  .command('verify')
  .description('whether a line was changed, is missing or was put in; tells the head of the chain')
  .option(REGION, 'one region only')
  .option('--head <number:hash>', 'head that an earlier verification told')
  .action(async (options: { region?: string; head?: string }) => end(await verifyActs({ ...common(), ...options })));

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
