/**
 * `tocsin up`: every role in one process, for a laptop, a demonstration or a small installation. The parts are those of production; only
 * the servers are brought along when the environment names none.
 */
import { resolve } from 'node:path';
import { loadConfig } from '../config.ts';
import { type Demo, prepareDemo } from '../demo/demo.ts';
import { logFileOf } from '../log-file.ts';
import { refuseUnsafe } from '../production.ts';
import { startAllRoles } from '../roles/all-roles.ts';
import { type RoleContext, openRoleContext } from '../roles/role-context.ts';
import { type DataDirLock, lockDataDir } from '../servers/data-dir.ts';
import { startServers } from '../servers/embedded.ts';
import { type Story, sayer } from '../story.ts';

export interface UpOptions {
  readonly configFile?: string;
  /** Bring a sick service along and tell how it is healed. */
  readonly demo: boolean;
  /** End after the demo, with its outcome as exit code. */
  readonly once: boolean;
  /** One JSON document per line. */
  readonly json: boolean;
}

/** Resolves with the exit code when everything is closed. */
export async function up(options: UpOptions): Promise<number> {
  const configured = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  await refuseUnsafe(configured);
  const logFile = logFileOf(configured);
  const lock = lockDataDir(resolve(configured.dataDir), sayer(options.json));
  try {
    const context = await openRoleContext(configured, { configFile: options.configFile, logFile });
    try {
      return await run(context, lock, options);
    } finally {
      await context.lifecycle.close('done');
    }
  } finally {
    lock.release();
  }
}

async function run(context: RoleContext, lock: DataDirLock, options: UpOptions): Promise<number> {
  const { lifecycle } = context;
  const demo = options.demo ? await prepareDemo(context.config, lifecycle) : null;
  const ready = { ...context, config: demo?.config ?? context.config };
  const { story, intakeUrl } = await startAll(ready, lock, options);
  if (demo !== null) {
    const healed = await tellDemo(ready, demo, story, intakeUrl);
    if (options.once) return healed ? 0 : 1;
  }
  story.say('tocsin', `ready for alerts: POST ${intakeUrl}/in/<sender>; Ctrl-C stops everything`);
  await lifecycle.closing;
  sayer(options.json)('stopping ...');
  return 0;
}

async function startAll(context: RoleContext, lock: DataDirLock, options: UpOptions) {
  const say = sayer(options.json);
  await startServers(context, lock, say);
  return startAllRoles(context, options.json);
}

async function tellDemo(context: RoleContext, demo: Demo, story: Story, intakeUrl: string): Promise<boolean> {
  const outcome = await Promise.race([
    demo.play(story, intakeUrl),
    context.lifecycle.closing.then((reason) => ({ ok: false, reason: `stopped: ${reason}` })),
  ]);
  story.say('demo', outcome.ok ? 'the service is healthy again' : `failed: ${outcome.reason}`);
  return outcome.ok;
}
