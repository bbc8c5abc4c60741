/**
 * Infrastructure that writes down what is done to it: one line when an effect begins and one when it ends, in a file that outlives whoever
 * is killed. An effect lasts until its gate is open.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { fencingText, fencingToken } from '../../activities/fencing-token.ts';
import { permanent } from '../../activities/permanent.ts';

export interface EffectInput {
  readonly name: string;
  /** It lasts until the file of this name exists; none: it ends at once. */
  readonly gate?: string;
  readonly fails?: boolean;
}

export interface EffectLine {
  readonly what: 'begin' | 'end' | 'page';
  readonly name: string;
  readonly pid: number;
  readonly token: number | null;
  readonly text: string;
}

const LOOK_MS = 20;

export const createEffects = (dir: string) => ({
  effect: async ({ name, gate, fails }: EffectInput): Promise<number | null> => {
    const token = fencingToken();
    write(dir, { what: 'begin', name, token, text: fencingText() });
    // Deaf to cancellation, as a command on a host that does not answer is.
    while (gate !== undefined && !existsSync(join(dir, gate))) {
      Context.current().heartbeat();
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    write(dir, { what: 'end', name, token, text: fencingText() });
    if (fails === true) throw permanent('Broken', `${name} is broken`);
    return token;
  },
});

export const write = (dir: string, line: Omit<EffectLine, 'pid'>): void =>
  appendFileSync(join(dir, 'effects'), `${JSON.stringify({ ...line, pid: process.pid })}\n`);

export function effectsOf(dir: string): EffectLine[] {
  const file = join(dir, 'effects');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EffectLine);
}
