/** Why workflow code cannot be bundled, in words: each problem with its file and line, without the bundler's own stack. */
import { builtinModules } from 'node:module';
import type { BundleOptions } from '@temporalio/worker';

export class BundleProblem extends Error {
  override readonly name = 'BundleProblem';
  /** One per line of the message. */
  constructor(problems: readonly string[], cause: unknown) {
    super(problems.join('\n'), { cause });
  }
}

export interface Bundling {
  /** To be added to the plugins of the bundler. */
  readonly plugin: Plugin;
  /** After it has failed with `error`. */
  problems(error: unknown): readonly string[];
}

type Config = Parameters<NonNullable<BundleOptions['webpackConfigHook']>>[0];
type Plugin = NonNullable<Config['plugins']>[number];

/** What is read of the bundler's own state. */
interface Compilation {
  readonly errors: readonly { readonly message: string; readonly module?: Module; readonly loc?: Location }[];
  readonly modules: Iterable<Module>;
}
interface Module {
  readonly resource?: string;
  readonly dependencies?: readonly { readonly request?: string; readonly loc?: Location }[];
}
interface Location {
  readonly start?: { readonly line: number };
}

const NAME = 'tocsin: problems of workflow code';

export function bundling(): Bundling {
  let compilation: Compilation = { errors: [], modules: [] };
  const plugin = {
    apply(compiler: {
      hooks: { done: { tap(name: string, then: (stats: { compilation: Compilation }) => void): void } };
    }) {
      compiler.hooks.done.tap(NAME, (stats) => {
        compilation = stats.compilation;
      });
    },
  };
  return {
    plugin: plugin as unknown as Plugin,
    problems: (error) => {
      const forbidden = [...compilation.modules].flatMap(forbiddenImports);
      const broken = compilation.errors.filter(({ module }) => !isForbidden(module?.resource ?? '')).map(describe);
      const found = [...new Set([...forbidden, ...broken])];
      return found.length > 0 ? found : [error instanceof Error ? error.message : String(error)];
    },
  };
}

const FORBIDDEN: ReadonlySet<string> = new Set([
  ...builtinModules.filter((name) => !['assert', 'url', 'util'].includes(name)),
  ...['activity', 'client', 'worker', 'testing', 'core-bridge'].map((name) => `@temporalio/${name}`),
]);

const isForbidden = (request: string): boolean => request.startsWith('node:') || FORBIDDEN.has(request);

function forbiddenImports({ resource, dependencies = [] }: Module): string[] {
  if (resource === undefined) return [];
  const first = new Map<string, string>();
  for (const { request, loc } of dependencies)
    if (request !== undefined && isForbidden(request) && !first.has(request)) first.set(request, lineOf(loc));
  return [...first].map(
    ([request, line]) =>
      `${resource}${line}: imports ${request}, which workflow code may not, because it has to replay (R7); ` +
      'do it in an activity, or import its types only',
  );
}

function describe({ message, module, loc }: Compilation['errors'][number]): string {
  const text =
    message.replace(/^Module build failed.*\n/, '').split(/\n\s*Caused by:|\n\s+at |\nresolve '/)[0] ?? message;
  const place = /\[([^\]\n]+):(\d+):\d+\]/.exec(text);
  const where = place === null ? `${module?.resource ?? 'workflow code'}${lineOf(loc)}` : `${place[1]}:${place[2]}`;
  return `${where}: ${text.replace(/^Error:\s*/, '').trim()}`;
}

const lineOf = (loc: Location | undefined): string => (loc?.start === undefined ? '' : `:${loc.start.line}`);
