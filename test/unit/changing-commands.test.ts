/** Every command has to be here: whether it changes something, and then whose module writes its line in the log of acts. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../workers/command-line/program.ts';

/** `acts/MODULE`: the line first, without it no act. `brakes/MODULE`: ends effects, with or without its line. */
type Kind = 'looks' | 'is a process' | 'writes local files' | `acts/${string}` | `brakes/${string}`;

const COMMANDS: Readonly<Record<string, Kind>> = {
  up: 'is a process',
  dev: 'is a process',
  intake: 'is a process',
  trigger: 'is a process',
  worker: 'is a process',
  'codec-server': 'is a process',
  init: 'writes local files',
  'new runbook': 'writes local files',
  'keys new': 'writes local files',
  docs: 'writes local files',
  // Ends effects and, lifting it, allows them again.
  stop: 'brakes/stop',
  resume: 'acts/resume',
  'held list': 'looks',
  'held release': 'acts/held',
  'trigger list': 'looks',
  'trigger mode': 'acts/trigger-control',
  'trigger pause': 'acts/trigger-control',
  'trigger resume': 'acts/trigger-control',
  run: 'acts/run',
  approve: 'acts/approve',
  deny: 'brakes/approve',
  answer: 'acts/answer',
  'runs list': 'looks',
  'runs show': 'looks',
  'runs cancel': 'brakes/runs',
  'rollout show': 'looks',
  'rollout pause': 'brakes/rollout',
  'rollout resume': 'acts/rollout',
  'rollout skip': 'acts/rollout',
  'rollout reorder': 'acts/rollout',
  limits: 'looks',
  'limits show': 'looks',
  targets: 'looks',
  emit: 'acts/emit',
  explain: 'looks',
  raw: 'looks',
  tail: 'looks',
  sources: 'looks',
  detect: 'looks',
  audit: 'acts/audit',
  'dead-letters list': 'looks',
  'dead-letters show': 'looks',
  'dead-letters redrive': 'acts/dead-letters',
  'dead-letters discard': 'acts/dead-letters',
  replay: 'looks',
  list: 'looks',
  status: 'looks',
  doctor: 'looks',
  check: 'looks',
  topology: 'acts/topology',
  'operator-log list': 'looks',
  'operator-log verify': 'looks',
  'schedule next': 'looks',
  'schedule list': 'looks',
  'schedule preview': 'looks',
  'schedule diff': 'looks',
  'schedule pause': 'acts/schedule',
  'schedule resume': 'acts/schedule',
  'schedule backfill': 'acts/schedule',
  'schedule remove': 'acts/schedule',
  'window at': 'looks',
  'window explain': 'looks',
  'window preview': 'looks',
  'window override': 'acts/window-override',
  timetable: 'looks',
  'versions list': 'looks',
  'versions promote': 'acts/versions',
  'versions roll-back': 'acts/versions',
};

/** Full names of all that can be called. A group that does something by itself is one of them. */
const names = (command: Command, before: readonly string[] = []): string[] =>
  command.commands.flatMap((each) => {
    const path = [...before, each.name()];
    const inner = names(each, path);
    const acts = (each as unknown as { readonly _actionHandler: unknown })._actionHandler !== null;
    return acts ? [path.join(' '), ...inner] : inner;
  });

const FOLDER = join(import.meta.dirname, '../../workers/commands');
const COMMAND_LINE = join(import.meta.dirname, '../../workers/command-line');
/** Last word of each command with the module that it loads, as it is written there; names that are made in a loop are left out. */
const loaded = readdirSync(COMMAND_LINE).flatMap((file) =>
  readFileSync(join(COMMAND_LINE, file), 'utf8')
    .split('.command(')
    .flatMap((text) => {
      const [name, module] = [/^\s*'([\w-]+)/.exec(text)?.[1], /commands\/([\w-]+)\.ts/.exec(text)?.[1]];
      return name === undefined || module === undefined ? [] : [[name, module] as const];
    }),
);
const writesLine = (module: string): boolean =>
  /\brecord(Act|Brake)\(/.test(readFileSync(join(FOLDER, module), 'utf8'));

describe('commands that change something', () => {
  it('are told from those that look: every command says which it is', () => {
    assert.deepEqual(names(createProgram().program).toSorted(), Object.keys(COMMANDS).toSorted());
  });

  it('write a line in the log of acts, each in its module, and no other module does', () => {
    const said = Object.values(COMMANDS).flatMap((kind) => (kind.includes('/') ? [`${kind.split('/')[1]}.ts`] : []));
    const found = readdirSync(FOLDER).filter((file) => file.endsWith('.ts') && writesLine(file));
    assert.deepEqual(found.toSorted(), [...new Set(said)].toSorted());
  });

  it('each is said to have its line in the module that it loads', () => {
    assert.ok(loaded.length > 40, String(loaded.length));
    for (const [name, module] of loaded) {
      const kinds = Object.entries(COMMANDS).flatMap(([path, kind]) => (path.split(' ').at(-1) === name ? [kind] : []));
      // A group of commands is none itself.
      const fits = kinds.length === 0 || kinds.some((kind) => !kind.includes('/') || kind.endsWith(`/${module}`));
      assert.ok(fits, `${name} loads ${module}.ts, and is ${kinds.join(' or ')}`);
    }
  });
});
