/** One generation of the code, seen from its parent: made ready ahead, loaded, begun when the one before is gone, ended within a bound. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import type { Command, Told } from './roles-child.ts';

export interface Generation {
  /** Loads the code as it is now. Rejects with what is wrong with it. */
  load(): Promise<void>;
  /** Resolves with the address of the intake when everything is up; rejects with why it is not. */
  begin(): Promise<string>;
  /** Resolves when the process is gone. */
  end(): Promise<void>;
}

const CHILD = join(import.meta.dirname, `roles-child${extname(import.meta.filename)}`);
/** Longer than its own bounds on closing in order. */
const END_MS = 15_000;

export interface GenerationOptions {
  readonly configFile: string | undefined;
  /** Its story is one JSON document per line. */
  readonly json: boolean;
}

export function createGeneration({ configFile = '', json }: GenerationOptions): Generation {
  // A group of its own: Ctrl-C in a terminal reaches a whole group, and the roles end when they are told to.
  const child = fork(CHILD, [configFile, ...(json ? ['--json'] : [])], { detached: true });
  const told: Told[] = [];
  child.on('message', (message) => told.push(message as Told));
  const hear = (kind: Told['kind']): Promise<Told> => heard(child, told, kind);
  const command = (word: Command): void => void child.send(word);
  return {
    load: async () => {
      command('load');
      await hear('loaded');
    },
    begin: async () => {
      command('begin');
      const running = await hear('running');
      return running.kind === 'running' ? running.intakeUrl : '';
    },
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await gone;
      clearTimeout(timer);
    },
  };
}

function heard(child: ChildProcess, told: readonly Told[], kind: Told['kind']): Promise<Told> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const failed = told.find((each) => each.kind === 'failed');
      const found = told.find((each) => each.kind === kind);
      if (failed?.kind === 'failed') reject(new Error(failed.why));
      else if (found !== undefined) resolve(found);
    };
    child.on('message', look);
    child.once('exit', (code, signal) => reject(new Error(`the process of the roles ended: ${signal ?? code}`)));
    look();
  });
}
