/**
 * `tocsin up`: every role in one process, for a laptop, a demonstration or a small installation. The parts are those of production; only
 * the servers are brought along when the environment names none.
 */
import { join, resolve } from 'node:path';
import { loadConfig } from '../config.ts';
import { needsEmbeddedNats, openLog, openTemporal, temporalTargetOf } from '../connect.ts';
import { type Demo, prepareDemo } from '../demo/demo.ts';
import { provisionSearchAttributes, provisionStreams } from '../provision.ts';
import { uiUrlOf } from '../run-link.ts';
import { refuseDevServer, refuseUnsafe } from '../production.ts';
import { startIntakeRole } from '../roles/intake-role.ts';
import { type RoleContext, openRoleContext } from '../roles/role-context.ts';
import { startTriggerRole } from '../roles/trigger-role.ts';
import { startWorkerRole } from '../roles/worker-role.ts';
import { type DataDirLock, lockDataDir } from '../servers/data-dir.ts';
import { startEmbedded } from '../servers/embedded.ts';
import { type Story, createStory, storyLine } from '../story.ts';

export interface UpOptions {
  readonly configFile?: string;
  /** Bring a sick service along and tell how it is healed. */
  readonly demo: boolean;
  /** End after the demo, with its outcome as exit code. */
  readonly once: boolean;
  /** One JSON document per line. */
  readonly json: boolean;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** What is told before there is a story, and after it. */
const sayer =
  ({ json }: UpOptions) =>
  (line: string): void =>
    print(json ? storyLine(new Date(), 'tocsin', line) : line);

/** Resolves with the exit code when everything is closed. */
export async function up(options: UpOptions): Promise<number> {
  const configured = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  await refuseUnsafe(configured);
  const logFile = join(resolve(configured.dataDir), 'tocsin.log');
  const lock = lockDataDir(resolve(configured.dataDir), sayer(options));
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
  sayer(options)('stopping ...');
  return 0;
}

/** Servers first, then what consumes, then what lets events in. */
async function startAll(context: RoleContext, lock: DataDirLock, options: UpOptions) {
  const say = sayer(options);
  const { config, lifecycle, health, instance } = context;
  const needed = { nats: needsEmbeddedNats(config), temporal: !temporalTargetOf(config).external };
  if (needed.nats || needed.temporal) {
    say('starting servers ...');
    await startEmbedded(config, needed, lock, lifecycle, say);
  }
  const temporal = await openTemporal(config, context);
  await refuseDevServer(config, temporal);
  const log = await openLog(config, 'all', `tocsin up ${instance}`, context);
  await provisionStreams(config, log, say);
  await provisionSearchAttributes(temporal, say);
  const uiUrl = uiUrlOf(config);
  const story = createStory({
    client: temporal.client,
    namespace: temporal.namespace,
    uiUrl,
    print,
    json: options.json,
  });
  await startWorkerRole(context, { temporal, log, runbooks: true, regions: config.regions });
  startTriggerRole(context, { regions: config.regions, log, temporal, onRecorded: story.recorded });
  const [region = ''] = config.regions;
  const intakeUrl = await startIntakeRole(context, { region, log, onStored: story.stored });
  health.started();
  story.say('tocsin', `workers for ${config.regions.join(', ')}, triggers and intake are up`);
  if (uiUrl !== null) story.say('tocsin', `Temporal UI: ${uiUrl}`);
  return { story, intakeUrl };
}

async function tellDemo(context: RoleContext, demo: Demo, story: Story, intakeUrl: string): Promise<boolean> {
  const outcome = await Promise.race([
    demo.play(story, intakeUrl),
    context.lifecycle.closing.then((reason) => ({ ok: false, reason: `stopped: ${reason}` })),
  ]);
  story.say('demo', outcome.ok ? 'the service is healthy again' : `failed: ${outcome.reason}`);
  return outcome.ok;
}
