/** A worker process as `tocsin worker` is one, with runbooks that act all the time on the target at the address given to it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { effectsAllowed } from '../../activities/effects.ts';
import { loadConfig } from '../../workers/config.ts';
import { openLog, openTemporal } from '../../workers/connect.ts';
import { effectsInterceptor } from '../../workers/red-button/effects-interceptor.ts';
import { startEffectGate } from '../../workers/red-button/start-effect-gate.ts';
import { openRoleContext } from '../../workers/roles/role-context.ts';
import { createWorker } from '../../workers/worker.ts';
import type { TickInput, TickingActivities } from './ticking-runbook.ts';

const [target = '', dir = ''] = process.argv.slice(2);
const LIMITS = { maxCachedWorkflows: 50, maxActivities: 20, shutdownGraceMs: 1_000 };
const BETWEEN_MS = 20;
const TIMEOUT_MS = 2_000;

const effect = async (): Promise<void> => {
  const response = await fetch(target, { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) });
  await response.arrayBuffer();
};
const activities: TickingActivities = {
  tick: effect,
  tickAlong: async ({ times }: TickInput) => {
    for (let n = 0; n < times; n += 1) {
      await effectsAllowed();
      await effect();
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    }
  },
};

const context = await openRoleContext(loadConfig());
const [region = ''] = context.config.regions;
const temporal = await openTemporal(context.config, context);
const log = await openLog(context.config, 'worker', 'ticking worker', context);
const gate = await startEffectGate(context, [region], async () => log);
const { code } = await bundleWorkflowCode({
  workflowsPath: join(import.meta.dirname, 'ticking-runbook.ts'),
  workflowInterceptorModules: [join(import.meta.dirname, '../../workflows/kit/run-header.ts')],
});
const codePath = join(dir, 'ticking.js');
writeFileSync(codePath, code);
const around = [effectsInterceptor({ region, activities, gate })];
for (const role of [
  { kind: 'runbooks', codePath },
  { kind: 'activities', region, activities, around },
] as const) {
  const worker = await createWorker(temporal, role, LIMITS);
  context.lifecycle.onClose(role.kind, 5_000, () => worker.shutdown());
}
context.health.started();
await context.lifecycle.closing;
