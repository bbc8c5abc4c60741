/**
 * One generation of the code: a process with every role. It has the packages loaded before it is told to load the code, and the code before it
 * is told to begin. It ends on a signal, and with the process that forked it.
 */
import type { Config } from '../config.ts';

/** What it tells its parent. */
export type Told =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'running'; readonly intakeUrl: string }
  /** The code or the configuration cannot be loaded, or the roles cannot start. */
  | { readonly kind: 'failed'; readonly why: string };

/** What its parent tells it, in this order. */
export type Command = 'load' | 'begin';

/** Nobody edits these, and they are most of what there is to load. */
const PACKAGES = [
  '@kubernetes/client-node',
  '@opentelemetry/sdk-trace-node',
  '@temporalio/client',
  '@temporalio/worker',
  'ajv',
  'nats',
  'pg',
  'pino',
  'tsx/esm/api',
  'typebox',
];
/** Activities in progress may finish for so long when the code changes; then Temporal gives them to the next generation. */
const GRACE = '1s';
const [configFile = '', ...flags] = process.argv.slice(2);
const json = flags.includes('--json');

const tell = (told: Told): void => void process.send?.(told);
const heard = (command: Command): Promise<void> =>
  new Promise((resolve) =>
    process.on('message', (message) => {
      if (message === command) resolve();
    }),
  );
const [mayLoad, mayBegin] = [heard('load'), heard('begin')];
let orphaned = (): void => process.exit();
process.once('disconnect', () => orphaned());

try {
  // What cannot be loaded is told by the code that needs it.
  await Promise.allSettled(PACKAGES.map((name) => import(name)));
  await mayLoad;
  const { run } = await load();
  tell({ kind: 'loaded' });
  await mayBegin;
  await run();
} catch (error) {
  tell({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
process.disconnect?.();
// Nothing of the next generation may wait for a handle that a library left open.
process.exit();

async function load(): Promise<{ readonly run: () => Promise<void> }> {
  const [{ loadConfig }, { openRoleContext }, { startAllRoles }, { logFileOf }] = await Promise.all([
    import('../config.ts'),
    import('../roles/role-context.ts'),
    import('../roles/all-roles.ts'),
    import('../log-file.ts'),
  ]);
  // A mistake in the configuration, too, leaves the generation before in place.
  const config = forDevelopment(loadConfig(configFile === '' ? {} : { file: configFile }));
  return {
    run: async () => {
      const context = await openRoleContext(config, {
        ...(configFile === '' ? {} : { configFile }),
        logFile: logFileOf(config),
      });
      orphaned = () => void context.lifecycle.close('its parent is gone');
      try {
        const { intakeUrl } = await startAllRoles(context, json);
        tell({ kind: 'running', intakeUrl });
        await context.lifecycle.closing;
      } finally {
        await context.lifecycle.close('done');
      }
    },
  };
}

/** Without versions: runs in progress go on with what was saved last. */
function forDevelopment({ deployment: _none, ...config }: Config): Config {
  return { ...config, worker: { ...config.worker, shutdownGrace: GRACE } };
}
