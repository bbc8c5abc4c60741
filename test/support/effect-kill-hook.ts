/**
 * Loaded into a worker's process before anything else: at one call of one activity the process dies (SIGKILL), before the activity is called,
 * in its middle, or when it has acted and Temporal does not know yet. Once: the process started next goes on.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { Context } from '@temporalio/activity';

export const MOMENTS = ['before', 'during', 'after'] as const;
export type Moment = (typeof MOMENTS)[number];

export interface EffectKill {
  readonly activity: string;
  /** Of the calls of this activity in the run and its children, from 1. */
  readonly occurrence: number;
  readonly moment: Moment;
  /** The target writes it as soon as it has begun to act. */
  readonly begun: string;
  /** While it is there, the target goes on with what it has begun. */
  readonly hold: string;
  /** The moment at which it died, written before it dies: `after` where `during` was meant and the target had begun and ended unseen. */
  readonly marker: string;
}

/** Environment variable with an `EffectKill` as JSON. */
export const KILL_VARIABLE = 'TOCSIN_TEST_KILL';
const LOOK_EVERY_MS = 10;

type Activity = (...args: readonly unknown[]) => Promise<unknown>;

const given = process.env[KILL_VARIABLE];
if (given !== undefined) await install(JSON.parse(given) as EffectKill);

async function install(kill: EffectKill): Promise<void> {
  const { Worker } = await import('@temporalio/worker');
  const create = Worker.create.bind(Worker);
  Worker.create = (options) => {
    const activities = Object.entries((options.activities ?? {}) as Record<string, Activity>).map(
      ([name, activity]) => [name, name === kill.activity ? killing(activity, kill) : activity] as const,
    );
    return create(
      options.activities === undefined ? options : { ...options, activities: Object.fromEntries(activities) },
    );
  };
}

function killing(activity: Activity, { occurrence, moment, begun, hold, marker }: EffectKill): Activity {
  const calls = new Set<string>();
  return async (...args) => {
    // An attempt that is repeated is the same call.
    const { activityId, workflowExecution } = Context.current().info;
    calls.add(`${workflowExecution?.workflowId} ${activityId}`);
    if (calls.size !== occurrence || existsSync(marker)) return activity(...args);
    if (moment === 'before') die(marker, 'before');
    if (moment === 'during') {
      rmSync(begun, { force: true });
      writeFileSync(hold, '');
    }
    const acting = activity(...args);
    if (moment === 'during') {
      const look = setInterval(() => existsSync(begun) && die(marker, 'during'), LOOK_EVERY_MS);
      await acting.finally(() => clearInterval(look));
    }
    await acting;
    return die(marker, 'after');
  };
}

function die(marker: string, moment: Moment): never {
  writeFileSync(marker, moment);
  process.kill(process.pid, 'SIGKILL');
  // The signal arrives a moment later; nothing may happen in it.
  for (;;);
}
