/**
 * Workflow bundles that the files of one test run share: making one costs as much processor time as most tests. The sources do not
 * change while tests run; tests that change a copy of them make bundles of their own.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { bundlesFolder } from './bundles-folder.ts';

/** Roles and commands with this data directory use the bundles of the run. */
export function shareBundles(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true });
  symlinkSync(bundlesFolder(), join(dataDir, 'cache'));
}

/** Runbooks of tests, with the interceptors they need: absolute paths. */
export async function runbooksBundle(
  workflowsPath: string,
  workflowInterceptorModules: readonly string[] = [],
): Promise<{ readonly codePath: string }> {
  const key = createHash('sha256').update(JSON.stringify([workflowsPath, workflowInterceptorModules]));
  const codePath = join(bundlesFolder(), `runbooks-${key.digest('hex').slice(0, 16)}.js`);
  if (existsSync(codePath)) return { codePath };
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: [...workflowInterceptorModules],
    logger: new DefaultLogger('ERROR'),
  });
  // By rename: another file may be making the same one.
  const made = mkdtempSync(join(dirname(codePath), 'made-'));
  writeFileSync(join(made, 'code.js'), code);
  renameSync(join(made, 'code.js'), codePath);
  rmSync(made, { recursive: true });
  return { codePath };
}
