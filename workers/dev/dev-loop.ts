/**
 * From a save to running code, again and again: bundle the runbooks, load everything else in a new process, and only when both are fine end
 * the old process and begin the new one. At no time do two generations ask for tasks; what arrives between them waits in the servers.
 */
import { join, relative, resolve } from 'node:path';
import { BundleProblem } from '../bundle-problem.ts';
import { workflowBundle } from '../bundle.ts';
import type { Config } from '../config.ts';
import type { Lifecycle } from '../lifecycle.ts';
import type { Logger } from 'pino';
import { type Generation, createGeneration } from './generation.ts';
import { nextChange, readSources } from './sources.ts';
import { createTypeCheck } from './type-check.ts';

export interface DevParts {
  readonly config: Config;
  readonly configFile: string | undefined;
  /** What is told is one JSON document per line. */
  readonly json: boolean;
  /** As it is watched. */
  readonly configPath: string;
  /** Folder of the project. */
  readonly root: string;
  /** Its front door. */
  readonly workflows: string;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  readonly say: (line: string) => void;
}

/** Bound on the end of a generation, with its own bounds inside. */
const END_MS = 20_000;

/** Resolves when the process is closing. */
export async function runDevLoop(parts: DevParts): Promise<void> {
  const { lifecycle, say, root, configPath } = parts;
  const look = (): ReturnType<typeof readSources> => readSources(root, configPath);
  const types = createTypeCheck(root, say);
  lifecycle.onClose('type check', 1_000, () => Promise.resolve(types.stop()));
  const generations = createGenerations(parts, types.start);
  lifecycle.onClose('roles', END_MS, () => generations.close());
  let known = look();
  await generations.replace([]);
  for (;;) {
    const change = await nextChange(known, look, lifecycle.signal);
    if (change === null) return;
    known = change.sources;
    // It is told of the newest code only, and would take processor time from it.
    types.stop();
    await generations.replace(change.files);
  }
}

/** `onSettled`: the newest code runs, or cannot. */
function createGenerations(parts: DevParts, onSettled: () => void) {
  const { say, root, lifecycle } = parts;
  const named = (files: readonly string[]): string => files.map((file) => relative(root, file)).join(', ');
  let running: Generation | null = null;
  /** Made ready ahead, to save its time at the next change. */
  let spare: Generation | null = createGeneration(parts);
  const makeSpare = (): void => {
    spare ??= lifecycle.signal.aborted ? null : createGeneration(parts);
  };

  /** Not waited for: the next change may be the repair of what keeps this generation from beginning. */
  const announce = async (generation: Generation, files: readonly string[], begun: number): Promise<void> => {
    try {
      const intakeUrl = await generation.begin();
      const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
      say(
        files.length === 0
          ? `dev: ready for alerts: POST ${intakeUrl}/in/<sender>; save a file to reload; Ctrl-C stops everything`
          : `dev: the new code runs, ${seconds} s after the change of ${named(files)}`,
      );
    } catch (error) {
      if (generation === running && !lifecycle.signal.aborted)
        say(`dev: nothing runs until the next change: ${whyOf(error)}`);
    }
    if (generation === running) settled();
  };

  /** Both take processor time that the new code is better given first. */
  const settled = (): void => {
    onSettled();
    makeSpare();
  };

  const replace = async (files: readonly string[]): Promise<void> => {
    const begun = performance.now();
    if (files.length > 0) say(`dev: ${named(files)} changed ...`);
    const next = spare ?? createGeneration(parts);
    spare = null;
    try {
      await Promise.all([bundle(parts), next.load()]);
    } catch (error) {
      await next.end();
      if (!lifecycle.signal.aborted)
        say(`dev: ${running === null ? 'nothing runs yet' : 'the old code stays'}: ${whyOf(error)}`);
      settled();
      return;
    }
    await running?.end();
    if (lifecycle.signal.aborted) return next.end();
    running = next;
    void announce(next, files, begun);
  };
  return {
    replace,
    close: async () => {
      await Promise.all([running?.end(), spare?.end()]);
    },
  };
}

const whyOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Rejects when any runbook is broken; what production would leave out, an engineer wants to repair. */
async function bundle({ config, logger, workflows }: DevParts): Promise<void> {
  const { broken } = await workflowBundle(join(resolve(config.dataDir), 'cache'), logger, {
    encodeFailures: config.encryption !== undefined,
    workflows,
  });
  if (broken.length > 0)
    throw new BundleProblem(
      broken.map(({ problem }) => problem),
      null,
    );
}
