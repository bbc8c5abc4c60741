/**
 * Records the histories of drainNode that replay reads: `node --import tsx test/histories/record-drain-node.ts NAME...`; it needs a real Kubernetes
 * (test/support/build-kubernetes). Never run it to make a failing replay pass.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { DrainNodeInput } from '../../workflows/drain-node.ts';
import { openQuestion } from '../../workers/open-question.ts';
import type { Decision } from '../../workflows/kit/approval-message.ts';
import { RESOLVED_SIGNAL, type RunMode } from '../../workflows/kit/run-context.ts';
import { answerTo, makeKeys, send } from '../support/approvals.ts';
import { untilAtWork } from '../support/attempts.ts';
import { type DrainLab, NS, startDrainLab } from '../support/drain-lab.ts';
import { deploy, podsOn } from '../support/kubernetes-workload.ts';
import { until } from '../support/until.ts';
import { anonymousHistory } from '../../workers/testing/anonymous-history.ts';

interface Recording {
  readonly minAvailable?: number;
  readonly input?: Partial<DrainNodeInput>;
  readonly mode?: RunMode;
  /** How long a question stands, ms. */
  readonly expiryMs?: number;
  /** The kubelet of the node does not answer. */
  readonly away?: true;
  /** The first worker dies after its change of the node. */
  readonly dies?: true;
  readonly during?: (lab: DrainLab, run: WorkflowHandle) => Promise<void>;
}

const { ann } = makeKeys();
if (ann === undefined) throw new Error('there is no key of ann');
const approvals = { keys: [ann.entry], quorum: 1, quorums: {}, expiryMs: 0, remindersMs: [], escalation: [] };
const answer =
  (decision: Decision) =>
  async ({ client }: DrainLab, { workflowId }: WorkflowHandle): Promise<void> => {
    const question = await until('it asks', () => openQuestion(client, workflowId));
    await send(client, workflowId, decision, [answerTo(question, ann, decision)]);
  };
const dir = mkdtempSync(join(tmpdir(), 'tocsin-record-'));
const marker = join(dir, 'died');

const RECORDINGS: Readonly<Record<string, Recording>> = {
  drained: {},
  uncordoned: { input: { afterwards: 'uncordon' } },
  gone: { input: { node: 'lost' } },
  blocked: { minAvailable: 1, input: { withinMs: 1 } },
  planned: { mode: 'plan' },
  approved: { mode: 'approve', during: answer('approve') },
  denied: { mode: 'approve', during: answer('deny') },
  expired: { mode: 'approve', expiryMs: 1_000 },
  cancelled: {
    minAvailable: 1,
    during: async (_lab, run) => {
      await untilAtWork(run, 'evictPods');
      await run.cancel();
    },
  },
  'tried-again': {
    dies: true,
    during: async (lab) => {
      await until('the worker has died', () => existsSync(marker));
      await lab.startWorker();
    },
  },
  'resolved-meanwhile': {
    away: true,
    input: { afterwards: 'uncordon' },
    during: async (lab, run) => {
      await until('it is empty', async () => !(await lab.isOpen('web-1')) && (await podsOn(lab.kube, 'web-1')).length === 0);
      await run.signal(RESOLVED_SIGNAL, { stream: 'EVENTS_EU', sequence: 2, storedAt: 0 });
    },
  },
};

const lab = await startDrainLab(approvals);
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
  rmSync(dir, { recursive: true, force: true });
}

async function record(name: string, recording: Recording): Promise<void> {
  const { minAvailable, input, mode, expiryMs = 600_000, away, dies, during } = recording;
  approvals.expiryMs = expiryMs;
  await deploy(lab.kube, { namespace: NS, name: 'shop', replicas: 1, ...(minAvailable === undefined ? {} : { minAvailable }) });
  await lab.startWorker(dies && { effect: 'cordonNode', moment: 'during', marker });
  if (away) await lab.kube.nodes.report('web-1', false);
  const run = await lab.begin({ node: 'web-1', ...input }, mode === undefined ? {} : { mode });
  await during?.(lab, run);
  await run.result().catch(() => undefined);
  const file = join(import.meta.dirname, `drainNode-${name}.json`);
  writeFileSync(file, `${JSON.stringify(anonymousHistory(JSON.parse(historyToJSON(await run.fetchHistory()))), null, 1)}\n`);
  console.log(file);
}
