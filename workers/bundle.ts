/**
 * The workflow code as one prebuilt file, made again only when the runbooks, this file's options or the SDK have changed. A runbook that
 * cannot be bundled is left out and named; the others are there.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, isAbsolute, join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { Logger } from 'pino';
import { BundleProblem, type Bundling, bundling } from './bundle-problem.ts';
import { FAILURE_CONVERTER } from './encryption/data-converter.ts';
import { type ListedRunbook, listedRunbooks } from './front-door.ts';
import { project } from './project.ts';
import { workflowTraceModules } from './tracing.ts';

const OWN = join(import.meta.dirname, '..', 'workflows');
const EXTENSION = extname(import.meta.filename);
const ENGINE = join(OWN, 'engine', `index${EXTENSION}`);
/** What stands on every log line of a step, what its worker has to know of the run, its fencing tokens and its window; their envelope; last, how large it may be. */
const INTERCEPTORS = [
  'engine/log-attributes',
  'kit/run-header',
  'kit/fence-header',
  'kit/window-header',
  'kit/step-envelope',
  'kit/payload-size',
].map((name) => join(OWN, `${name}${EXTENSION}`));
const require = createRequire(import.meta.url);

export interface Bundle {
  readonly codePath: string;
  /** True when it had to be made now. */
  readonly fresh: boolean;
  /** Runbooks of the list that are not in it, with what is wrong. Runs of them wait until they are repaired. */
  readonly broken: readonly BrokenRunbook[];
  /** Names of all workflows in it: the runbooks that are not broken, and Tocsin's own. */
  readonly types: ReadonlySet<string>;
}

export interface BrokenRunbook {
  readonly name: string;
  /** With file and line. */
  readonly problem: string;
}

export interface BundleOptions {
  readonly encodeFailures?: boolean;
  /** Front door; the project's by default. */
  readonly workflows?: string;
}

/** Rejects with BundleProblem when the workflow code cannot be bundled, for a reason that is in no single runbook. */
export async function workflowBundle(cacheDir: string, logger: Logger, options: BundleOptions = {}): Promise<Bundle> {
  const { encodeFailures = false, workflows = project.workflows } = options;
  const modules = workflowTraceModules(process.env);
  const name = `workflows-${sourceHash(workflows, modules)}${encodeFailures ? '-encoded' : ''}`;
  const codePath = join(cacheDir, `${name}.js`);
  const all = listedRunbooks(workflows);
  const types = new Set([...all, ...listedRunbooks(ENGINE)].map((each) => each.name));
  if (existsSync(codePath)) return { codePath, fresh: false, broken: [], types };
  mkdirSync(cacheDir, { recursive: true });
  const log = logger.child({ part: 'bundler' });
  // Where it really is: webpack follows links, and would not find the entry beside itself.
  const folder = realpathSync(cacheDir);
  const make: Make = (runbooks) => bundleOf(runbooks, { cacheDir: folder, modules, encodeFailures, log });
  const listed = all.filter(({ name: each }, index) => all.findIndex(({ name: other }) => other === each) === index);
  const whole = await outcomeOf(() => make(listed));
  if (whole.ok) return { codePath: keep(codePath, whole.code), fresh: true, broken: [], types };
  const broken = await brokenOf(listed, make);
  if (broken.length === 0) throw whole.error;
  const code = await make(listed.filter((each) => !broken.some(({ name: bad }) => bad === each.name)));
  for (const each of broken) types.delete(each.name);
  return { codePath: keep(join(cacheDir, `${name}-partial.js`), code), fresh: true, broken, types };
}

type Make = (runbooks: readonly ListedRunbook[]) => Promise<string>;

async function bundleOf(
  runbooks: readonly ListedRunbook[],
  { cacheDir, modules, encodeFailures, log }: BundleParts,
): Promise<string> {
  const entry = join(cacheDir, `entry-${process.pid}-${(entries += 1)}.js`);
  const found: Bundling = bundling();
  writeFileSync(entry, entryText(runbooks));
  try {
    const { code } = await bundleWorkflowCode({
      workflowsPath: entry,
      workflowInterceptorModules: [...INTERCEPTORS, ...modules.map((name) => require.resolve(name))],
      ...(encodeFailures ? { failureConverterPath: FAILURE_CONVERTER } : {}),
      webpackConfigHook: (config) => ({
        ...config,
        // Failures name file and line of the source; its text is no business of every worker, and a third of the size.
        devtool: 'inline-nosources-source-map',
        plugins: [...(config.plugins ?? []), found.plugin],
        // One copy of the SDK, whatever a project has installed beside ours.
        resolve: { ...config.resolve, alias: Object.assign({}, config.resolve?.alias, sdkAliases()) },
      }),
      logger: {
        log: (_level, message) => log.debug(message),
        trace: (message) => log.trace(message),
        debug: (message) => log.debug(message),
        info: (message) => log.debug(message),
        warn: (message) => log.warn(message),
        error: (message) => log.debug(message),
      },
    });
    return code;
  } catch (error) {
    throw new BundleProblem(found.problems(error), error);
  } finally {
    rmSync(entry, { force: true });
  }
}

interface BundleParts {
  readonly cacheDir: string;
  readonly modules: readonly string[];
  readonly encodeFailures: boolean;
  readonly log: Logger;
}

let entries = 0;

/** Everything that the runbook workers can run: the runbooks, and Tocsin's own workflows. */
const entryText = (runbooks: readonly ListedRunbook[]): string =>
  [
    ...runbooks.map(({ name, file }) => `export { ${name} } from ${JSON.stringify(file)};`),
    `export * from ${JSON.stringify(ENGINE)};`,
    '',
  ].join('\n');

const sdkAliases = (): Record<string, string> =>
  Object.fromEntries(
    ['@temporalio/workflow', '@temporalio/common'].map((name) => [
      name,
      dirname(require.resolve(`${name}/package.json`)),
    ]),
  );

/** Each by itself: what fails alone is what is broken. */
async function brokenOf(listed: readonly ListedRunbook[], make: Make): Promise<BrokenRunbook[]> {
  const broken: BrokenRunbook[] = [];
  for (const each of listed) {
    if (isAbsolute(each.file) && !existsSync(each.file)) {
      broken.push({ name: each.name, problem: `${each.place}: ${each.file} is not there` });
      continue;
    }
    const alone = await outcomeOf(() => make([each]));
    if (!alone.ok) broken.push({ name: each.name, problem: alone.error.message });
  }
  return broken;
}

async function outcomeOf(
  make: () => Promise<string>,
): Promise<{ readonly ok: true; readonly code: string } | { readonly ok: false; readonly error: BundleProblem }> {
  try {
    return { ok: true, code: await make() };
  } catch (error) {
    if (error instanceof BundleProblem) return { ok: false, error };
    throw error;
  }
}

/** By rename: another process may be reading or making the same file. */
function keep(codePath: string, code: string): string {
  writeFileSync(`${codePath}.${process.pid}`, code);
  renameSync(`${codePath}.${process.pid}`, codePath);
  return codePath;
}

function sourceHash(frontDoor: string, modules: readonly string[]): string {
  const hash = createHash('sha256');
  const sdk = require('@temporalio/worker/package.json') as { version: string };
  hash.update(`${sdk.version} ${process.versions.node} ${modules.join()}`);
  for (const root of new Set([OWN, dirname(frontDoor)])) {
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => /\.[jt]s$/.test(file));
    for (const file of files.toSorted()) hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex').slice(0, 16);
}
