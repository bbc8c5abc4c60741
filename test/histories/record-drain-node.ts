/**
 * Records the histories of drainNode that replay reads: `node --import tsx test/histories/record-drain-node.ts NAME...`; it needs a real Kubernetes
 * (test/support/build-kubernetes). Never run it to make a failing replay pass.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { DrainNodeInput } from '../../workflows/drain-node.ts';
import { RESOLVED_SIGNAL, type RunMode } from '../../workflows/kit/run-context.ts';
import { type DrainLab, NS, startDrainLab } from '../support/drain-lab.ts';
import { deploy, podsOn } from '../support/kubernetes-workload.ts';
import { until } from '../support/until.ts';
import { anonymousHistory } from '../../workers/testing/anonymous-history.ts';

interface Recording {
  readonly minAvailable?: number;
  readonly input?: Partial<DrainNodeInput>;
  readonly mode?: RunMode;
  readonly during?: (lab: DrainLab, run: WorkflowHandle) => Promise<void>;
}

const RECORDINGS: Readonly<Record<string, Recording>> = {
  drained: {},
  uncordoned: { input: { afterwards: 'uncordon' } },
  gone: { input: { node: 'lost' } },
  blocked: { minAvailable: 1, input: { withinMs: 1 } },
  planned: { mode: 'plan' },
  'resolved-meanwhile': {
    input: { afterwards: 'uncordon' },
    during: async (lab, run) => {
      await until('it is empty', async () => !(await lab.isOpen('web-1')) && (await podsOn(lab.kube, 'web-1')).length === 0);
      await run.signal(RESOLVED_SIGNAL, { stream: 'EVENTS_EU', sequence: 2, storedAt: 0 });
    },
  },
};

const lab = await startDrainLab();
try {
  for (const name of process.argv.slice(2)) {
    const recording = RECORDINGS[name];
    if (recording === undefined)
      throw new Error(`${name} is no recording; expected some of ${Object.keys(RECORDINGS).join(', ')}`);
    await record(name, recording);
    await lab.reset();
  }
} finally {
  await lab.stop();
}

async function record(name: string, { minAvailable, input, mode, during }: Recording): Promise<void> {
  await deploy(lab.kube, { namespace: NS, name: 'shop', replicas: 1, ...(minAvailable === undefined ? {} : { minAvailable }) });
  await lab.startWorker();
  if (during !== undefined) await lab.kube.nodes.report('web-1', false);
  const run = await lab.begin({ node: 'web-1', ...input }, mode === undefined ? {} : { mode });
  await during?.(lab, run);
  await run.result().catch(() => undefined);
  const file = join(import.meta.dirname, `drainNode-${name}.json`);
  writeFileSync(file, `${JSON.stringify(anonymousHistory(JSON.parse(historyToJSON(await run.fetchHistory()))), null, 1)}\n`);
  console.log(file);
}
