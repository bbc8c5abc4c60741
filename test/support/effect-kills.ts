/**
 * A run whose worker is killed at one of its effects and started anew. For any runbook: it is given the installation, the effects of the runbook
 * in their order, and a way to begin a run; what the target's own record says afterwards is for the test to judge.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type EffectKill, KILL_VARIABLE, MOMENTS, type Moment } from './effect-kill-hook.ts';
import type { Installation } from './installation.ts';
import { loseAttempts } from './lose-attempts.ts';
import { until } from './until.ts';

export interface KillPoint {
  readonly activity: string;
  readonly occurrence: number;
  readonly moment: Moment;
}

export interface KilledRun {
  readonly tocsin: Installation;
  readonly point: KillPoint;
  /** File that the target writes as soon as it has begun to act. */
  readonly begun: string;
  /** File that keeps the target at it while it is there. */
  readonly hold: string;
  /** Starts the run; resolves to its workflow id. */
  readonly begin: () => Promise<string>;
  /** The server finds out by itself that the attempt is lost, by its time-out. One point of a test shows that, the others do not wait for it. */
  readonly timesOut?: boolean;
}

const KILLED_WITHIN_MS = 120_000;

/** Every moment of every effect, from the activities of the runbook's effects in their order. */
export const killPoints = (effects: readonly string[]): KillPoint[] =>
  effects.flatMap((activity, index) => {
    const occurrence = effects.slice(0, index + 1).filter((each) => each === activity).length;
    return MOMENTS.map((moment) => ({ activity, occurrence, moment }));
  });

/** Resolves to the report of the run; the worker was killed exactly once, at that very moment. */
export async function runKilled({ tocsin, point, begun, hold, begin, timesOut = false }: KilledRun): Promise<unknown> {
  const marker = join(tocsin.servers.dir, 'killed');
  for (const file of [marker, hold]) rmSync(file, { force: true });
  tocsin.env[KILL_VARIABLE] = JSON.stringify({ ...point, begun, hold, marker } satisfies EffectKill);
  tocsin.env['NODE_OPTIONS'] = `--import tsx --import ${join(import.meta.dirname, 'effect-kill-preload.mjs')}`;
  const first = await tocsin.startReady('worker');
  const id = await begin();
  try {
    await until('the worker was killed', () => existsSync(marker) && !isAlive(first.pid), KILLED_WITHIN_MS);
  } finally {
    // One that lived on would take the runs of the tests after this one.
    await first.kill();
    rmSync(hold, { force: true });
  }
  assert.equal(readFileSync(marker, 'utf8'), point.moment, 'it was killed at another moment');
  delete tocsin.env[KILL_VARIABLE];
  delete tocsin.env['NODE_OPTIONS'];
  if (!timesOut) assert.ok((await loseAttempts(tocsin.client, id)) > 0, 'it was at no activity when it was killed');
  const second = await tocsin.startReady('worker');
  try {
    return await tocsin.client.workflow.getHandle(id).result();
  } finally {
    await second.kill();
  }
}

/** What the run called, by its history, without the activities that only look. */
export async function effectsOf(
  { client }: Pick<Installation, 'client'>,
  workflowId: string,
  looks: readonly string[],
): Promise<string[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const called = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    typeof scheduled?.activityType?.name === 'string' ? [scheduled.activityType.name] : [],
  );
  assert.ok(called.length > 0, `${workflowId} has called nothing`);
  return called.filter((name) => !looks.includes(name));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
