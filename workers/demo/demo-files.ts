/** The files through which the demo's supervisor and its control command see each other; what an init system keeps for a real service. */
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ServiceState {
  /** Names this start of the service; another start has another one. */
  readonly invocation: string;
  readonly pid: number;
}

export interface Effect {
  readonly action: 'restart' | 'take-out' | 'put-back';
  readonly invocation: string | null;
  /** Idempotency key of the step that caused it. */
  readonly key: string;
  readonly at: string;
}

const stateFile = (dir: string): string => join(dir, 'state.json');
const effectsFile = (dir: string): string => join(dir, 'effects.jsonl');

/** Null while no instance runs. */
export function readState(dir: string): ServiceState | null {
  return existsSync(stateFile(dir)) ? (JSON.parse(readFileSync(stateFile(dir), 'utf8')) as ServiceState | null) : null;
}

/** By rename, so that a reader never sees half of it. */
export function writeState(dir: string, state: ServiceState | null): void {
  const next = `${stateFile(dir)}.next`;
  writeFileSync(next, JSON.stringify(state));
  renameSync(next, stateFile(dir));
}

export const addEffect = (dir: string, effect: Effect): void =>
  appendFileSync(effectsFile(dir), `${JSON.stringify(effect)}\n`);

export function readEffects(dir: string): Effect[] {
  if (!existsSync(effectsFile(dir))) return [];
  const lines = readFileSync(effectsFile(dir), 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Effect);
}
