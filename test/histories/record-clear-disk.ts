/**
 * Records histories of clearDisk that the replay test replays: `node --import tsx test/histories/record-clear-disk.ts NAME...`. Run it for an
 * outcome that is new, never to make a failing replay pass.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { openQuestion } from '../../workers/open-question.ts';
import type { Decision } from '../../workflows/kit/approval-message.ts';
import type { RunMode } from '../../workflows/kit/run-context.ts';
import { answerTo, makeKeys, send } from '../support/approvals.ts';
import { type HostsLab, startHostsLab } from '../support/hosts-lab.ts';
import { until } from '../support/until.ts';
import { anonymousHistory } from '../../workers/testing/anonymous-history.ts';

interface Recording {
  readonly prepare: (lab: HostsLab) => void;
  readonly mode?: RunMode;
  readonly answer?: Decision;
}

const full = (lab: HostsLab): void => lab.fillDisk();
const RECORDINGS: Readonly<Record<string, Recording>> = {
  cleared: { prepare: full },
  'cleared-by-all': {
    prepare: (lab) => {
      full(lab);
      lab.disk.write('data', 1_500, 0);
    },
  },
  'not-full': { prepare: () => undefined },
  escalated: {
    prepare: (lab) => {
      full(lab);
      lab.disk.write('data', 5_000, 0);
    },
  },
  planned: { prepare: full, mode: 'plan' },
  approved: { prepare: full, mode: 'approve', answer: 'approve' },
  denied: { prepare: full, mode: 'approve', answer: 'deny' },
};

const { ann } = makeKeys();

for (const name of process.argv.slice(2)) {
  const recording = RECORDINGS[name];
  if (recording === undefined)
    throw new Error(`${name} is no recording; expected some of ${Object.keys(RECORDINGS).join(', ')}`);
  await record(name, recording);
}

async function record(name: string, { prepare, mode, answer }: Recording): Promise<void> {
  const lab = await startHostsLab({ config: { approvals: { keys: ann === undefined ? [] : [ann.entry] } } });
  try {
    prepare(lab);
    await lab.tocsin.startReady('worker');
    const { client } = lab.tocsin;
    const input = { host: 'web-1', path: lab.disk.path };
    const id = await lab.begin('clearDisk', input, mode === undefined ? {} : { mode });
    if (answer !== undefined && ann !== undefined) {
      const question = await until('it asks', () => openQuestion(client, id));
      await send(client, id, answer, [answerTo(question, ann, answer)]);
    }
    const handle = client.workflow.getHandle(id);
    const outcome = await handle.result().catch((error: unknown) => String(error));
    const file = join(import.meta.dirname, `clearDisk-${name}.json`);
    writeFileSync(file, `${JSON.stringify(anonymousHistory(JSON.parse(historyToJSON(await handle.fetchHistory()))), null, 1)}\n`);
    console.log(file, outcome);
  } finally {
    await lab.stop();
  }
}
