/** The workflow code as one prebuilt file, made again only when the runbooks, this file's options or the SDK have changed. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { Logger } from 'pino';
import { workflowTraceModules } from './tracing.ts';
import { FAILURE_CONVERTER } from './encryption/data-converter.ts';

const ROOT = join(import.meta.dirname, '..', 'workflows');
const FRONT_DOOR = join(ROOT, `bundle${extname(import.meta.filename)}`);
/** What stands on every log line of a step, what its worker has to know of the run, and its fencing tokens and its window. */
const INTERCEPTORS = ['engine/log-attributes', 'kit/run-header', 'kit/fence-header', 'kit/window-header'].map((name) =>
  join(ROOT, `${name}${extname(import.meta.filename)}`),
);

export interface Bundle {
  readonly codePath: string;
  /** True when it had to be made now. */
  readonly fresh: boolean;
}

/** Rejects with the bundler's message when workflow code imports what it may not. */
export async function workflowBundle(
  cacheDir: string,
  logger: Logger,
  { encodeFailures = false }: { readonly encodeFailures?: boolean } = {},
): Promise<Bundle> {
  const modules = workflowTraceModules(process.env);
  const codePath = join(cacheDir, `workflows-${sourceHash(modules)}${encodeFailures ? '-encoded' : ''}.js`);
  if (existsSync(codePath)) return { codePath, fresh: false };
  const log = logger.child({ part: 'bundler' });
  const { code } = await bundleWorkflowCode({
    workflowsPath: FRONT_DOOR,
    workflowInterceptorModules: [
      ...INTERCEPTORS,
      ...modules.map((name) => createRequire(import.meta.url).resolve(name)),
    ],
    ...(encodeFailures ? { failureConverterPath: FAILURE_CONVERTER } : {}),
    logger: {
      log: (_level, message) => log.debug(message),
      trace: (message) => log.trace(message),
      debug: (message) => log.debug(message),
      info: (message) => log.debug(message),
      warn: (message) => log.warn(message),
      error: (message) => log.error(message),
    },
  });
  mkdirSync(cacheDir, { recursive: true });
  // By rename: another process may be reading or making the same file.
  writeFileSync(`${codePath}.${process.pid}`, code);
  renameSync(`${codePath}.${process.pid}`, codePath);
  return { codePath, fresh: true };
}

function sourceHash(modules: readonly string[]): string {
  const hash = createHash('sha256');
  const sdk = createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string };
  hash.update(`${sdk.version} ${process.versions.node} ${modules.join()}`);
  const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((file) => /\.[jt]s$/.test(file));
  for (const file of files.toSorted()) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 16);
}
