/**
 * Every command of the command line answers with JSON when it is asked to: one document, or one per line. The commands are read from the
 * command line itself, so that one that is added without a row here fails.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Command } from 'commander';
import { workflowId } from '../../triggers/path/workflow-id.ts';
import { createProgram } from '../../workers/command-line/program.ts';
import type { CommandAnswer } from '../support/commands-process.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { alertmanagerPayload } from '../support/payloads.ts';

/** What follows its name. `refused`: it is called so that it says no, and its refusal is read. */
interface Row {
  readonly args?: readonly string[];
  /** Default: 0. */
  readonly code?: number;
  readonly lines?: boolean;
}

const refused = (...args: readonly string[]): Row => ({ args, code: 2 });
/** It is there, and says that something is not so. */
const bad = (...args: readonly string[]): Row => ({ args, code: 1 });
const WHY = ['--why', 'drill'];
/** Of a role that would go on until it is stopped. */
const BROKEN = ['-c', 'broken.yaml'];
/** What `run` starts. */
const STARTED = workflowId({
  stream: '',
  trigger: 'by-hand',
  key: 'restartService/by-hand',
  generation: 1,
  attempt: 1,
});
const DAY = ['--from', '2026-01-01T00:00:00Z', '--to', '2026-01-02T00:00:00Z'];

/** Files are those of the folder below. */
const ALONE: Readonly<Record<string, Row>> = {
  up: refused(...BROKEN),
  dev: refused(...BROKEN),
  intake: refused(...BROKEN),
  trigger: refused(...BROKEN),
  worker: refused(...BROKEN),
  'codec-server': refused(),
  init: { args: ['project'] },
  'new runbook': refused('no name'),
  docs: {},
  replay: { args: ['histories'] },
  list: {},
  check: {},
  doctor: {},
  detect: { args: ['alert.json'] },
  'schedule next': { args: ['--cases', 'crons.jsonl'], lines: true },
  'window at': { args: ['--cases', 'windows.jsonl'], lines: true },
  'window explain': { args: ['nights', '--at', '2026-06-03T23:00:00Z'] },
  'window preview': { args: ['nights', '--days', '2'] },
  timetable: refused('restartService'),
  targets: {},
  'keys new': { args: ['--out', 'key.pem', '--person', 'Ann'] },
  topology: {},
  raw: bad('nothing-of-this-name'),
  sources: {},
  audit: {},
  'dead-letters list': {},
  'dead-letters show': bad('eu/1'),
  'dead-letters redrive': bad('eu/1'),
  'dead-letters discard': bad('eu/1'),
  'trigger list': {},
  'held list': {},
  'held release': refused('eu/1'),
  'runs list': {},
  approve: refused('nobody', '--yes'),
  deny: refused('nobody', '--yes', ...WHY),
  answer: refused('nobody', 'yes', '--yes', ...WHY),
  limits: {},
  'limits show': { args: ['drain-per-pool', 'p1'] },
  'rollout show': bad('nobody'),
  'rollout pause': bad('nobody', ...WHY),
  'rollout resume': bad('nobody', ...WHY),
  'rollout skip': bad('nobody', 'canary', ...WHY),
  'rollout reorder': bad('nobody', 'canary', ...WHY),
  'schedule list': {},
  'schedule preview': refused('nightly'),
  'schedule pause': refused('nightly', ...WHY),
  'schedule resume': refused('nightly', ...WHY),
  'schedule backfill': refused('nightly', ...DAY),
  'schedule remove': refused('nightly'),
  'schedule diff': {},
  'window override': refused('nobody', 'nights', ...WHY),
  'versions list': refused(),
  'versions promote': refused('none', ...WHY),
  'versions roll-back': refused(...WHY),
  status: bad(),
  'operator-log list': {},
  'operator-log verify': {},
};

/** Each relies on what those before it have done. */
const IN_ORDER: Readonly<Record<string, Row>> = {
  emit: { args: ['alert.json', '--kind', 'alertmanager'] },
  tail: { args: ['--since', '1h', '--limit', '1'], lines: true },
  explain: { args: ['instance=said'] },
  'trigger mode': { args: ['restart-service', 'observe', ...WHY] },
  'trigger pause': { args: ['restart-service', ...WHY] },
  'trigger resume': { args: ['restart-service', ...WHY] },
  stop: { args: WHY },
  resume: { args: WHY },
  run: { args: ['restartService', '--input', '{"service":"checkout"}', '--id', 'by-hand'] },
  'runs show': { args: [STARTED] },
  'runs cancel': { args: [STARTED, ...WHY] },
};

/** Those that do something; a group does not. */
function commandsOf(command: Command, path: readonly string[] = []): readonly string[] {
  return command.commands.flatMap((each) => {
    const name = [...path, each.name()];
    const acts = (each as unknown as { readonly _actionHandler: unknown })._actionHandler != null;
    return [...(acts ? [name.join(' ')] : []), ...commandsOf(each, name)];
  });
}

describe('--json', () => {
  let tocsin: Installation;
  let folder: string;
  let commands: ChildProcess;
  before(async () => {
    tocsin = await startInstallation({
      config: () => ({ windows: { nights: { times: ['22:00-04:00'], zone: 'Europe/Berlin' } } }),
    });
    folder = join(tocsin.servers.dir, 'files');
    mkdirSync(join(folder, 'histories'), { recursive: true });
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
    write('broken.yaml', 'regions: [EU]\n');
    write('alert.json', JSON.stringify(alertmanagerPayload('firing', { instance: 'said' })));
    write('crons.jsonl', '{"id":1,"cron":"0 2 * * *","zone":"Europe/Berlin","after":"2026-01-01T00:00:00Z"}\n');
    write('windows.jsonl', '{"id":1,"window":{"times":["22:00-04:00"]},"zone":"UTC","at":"2026-01-01T00:00:00Z"}\n');
    const history = 'restartService-already-healthy.json';
    cpSync(join(import.meta.dirname, '../histories', history), join(folder, 'histories', history));
    commands = fork(join(import.meta.dirname, '../support/commands-process.ts'), {
      execArgv: ['--import', 'tsx'],
      env: tocsin.env,
    });
    await once(commands, 'message');
  });
  after(async () => {
    commands?.kill('SIGKILL');
    await tocsin?.stop();
  });

  /** Names of files are within the folder. */
  const placed = (arg: string): string => (FILES.has(arg) ? join(folder, arg) : arg);

  it('is asked of every command that there is', () =>
    assert.deepEqual(
      [...Object.keys(ALONE), ...Object.keys(IN_ORDER)].toSorted(),
      [...commandsOf(createProgram().program)].toSorted(),
    ));

  const answers = (rows: Readonly<Record<string, Row>>): void => {
    for (const [name, row] of Object.entries(rows))
      it(`${name}: ${row.code === undefined ? 'answers' : 'says no'} with ${row.lines === true ? 'a document per line' : 'one document'}`, () =>
        ask(name, row));
  };

  answers({ ...ALONE, ...IN_ORDER });

  async function ask(name: string, { args = [], code = 0, lines = false }: Row): Promise<void> {
    const answered = once(commands, 'message');
    commands.send([...name.split(' '), ...args.map(placed), '--json']);
    const [answer] = (await answered) as [CommandAnswer];
    const said = `${name} ended with ${answer.code}\n${answer.stdout}`;
    assert.equal(answer.code, code, said);
    const documents = lines ? answer.stdout.trimEnd().split('\n') : [answer.stdout];
    for (const document of documents) {
      const value = parsed(document) ?? assert.fail(said);
      if (code === 2) assert.ok('error' in value || 'problems' in value, said);
    }
  }

  it('and nothing was written where it was not asked for', () =>
    assert.equal(existsSync(join(import.meta.dirname, '../../workflows/no name.ts')), false));
});

function parsed(document: string): object | null {
  try {
    return JSON.parse(document) as object | null;
  } catch {
    return null;
  }
}

const FILES = new Set(['broken.yaml', 'project', 'histories', 'alert.json', 'crons.jsonl', 'windows.jsonl', 'key.pem']);
