/**
 * Records histories of clearDisk that the replay test replays: `node --import tsx test/histories/record-clear-disk.ts NAME...`. Run it for an
 * outcome that is new, never to make a failing replay pass.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { openQuestion } from '../../workers/open-question.ts';
import type { Decision } from '../../workflows/kit/approval-message.ts';
import type { WorkflowHandle } from '@temporalio/client';
import { RESOLVED_SIGNAL, type RunMode } from '../../workflows/kit/run-context.ts';
import { answerTo, makeKeys, send } from '../support/approvals.ts';
import { type HostsLab, startHostsLab } from '../support/hosts-lab.ts';
import { holding } from '../support/systemctl.ts';
import { until } from '../support/until.ts';
import { anonymousHistory } from '../../workers/testing/anonymous-history.ts';

interface Recording {
  readonly prepare: (lab: HostsLab) => void;
  readonly mode?: RunMode;
  readonly answer?: Decision;
  /** How long a question stands. */
  readonly expiry?: string;
  /** Once the first rule has deleted, while its step goes on. */
  readonly atWork?: (run: WorkflowHandle) => Promise<unknown>;
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
  expired: { prepare: full, mode: 'approve', expiry: '1 s' },
  'tried-again': {
    prepare: (lab) => {
      full(lab);
      failOnce(lab, 'df');
    },
  },
  cancelled: { prepare: full, atWork: (run) => run.cancel() },
  /** Its trigger lets a run finish. */
  'resolved-meanwhile': {
    prepare: full,
    atWork: (run) => run.signal(RESOLVED_SIGNAL, { stream: 'EVENTS_EU', sequence: 2, storedAt: 0 }),
  },
};

/** The host's own command, which fails the first time. */
function failOnce({ sshd }: HostsLab, command: string): void {
  const file = join(sshd.bin, command);
  const script = ['#!/bin/sh', `rm "$0"`, `echo '${command}: cannot read table of mounted file systems' >&2`, 'exit 1'];
  writeFileSync(file, `${script.join('\n')}\n`, { mode: 0o755 });
}

const { ann } = makeKeys();

for (const name of process.argv.slice(2)) {
  const recording = RECORDINGS[name];
  if (recording === undefined)
    throw new Error(`${name} is no recording; expected some of ${Object.keys(RECORDINGS).join(', ')}`);
  await record(name, recording);
}

async function record(name: string, recording: Recording): Promise<void> {
  const { prepare, mode, answer, expiry = '30 m', atWork } = recording;
  const lab = await startHostsLab({ config: { approvals: { keys: ann === undefined ? [] : [ann.entry], expiry } } });
  try {
    prepare(lab);
    const held = atWork === undefined ? null : holding(lab.units);
    await lab.tocsin.startReady('worker');
    const { client } = lab.tocsin;
    const input = { host: 'web-1', path: lab.disk.path };
    const id = await lab.begin('clearDisk', input, mode === undefined ? {} : { mode });
    if (answer !== undefined && ann !== undefined) {
      const question = await until('it asks', () => openQuestion(client, id));
      await send(client, id, answer, [answerTo(question, ann, answer)]);
    }
    const handle = client.workflow.getHandle(id);
    if (atWork !== undefined) {
      await until('a rule has deleted', () => existsSync(lab.units.begun));
      await atWork(handle);
      held?.release();
    }
    const outcome = await handle.result().catch((error: unknown) => String(error));
    const file = join(import.meta.dirname, `clearDisk-${name}.json`);
    writeFileSync(file, `${JSON.stringify(anonymousHistory(JSON.parse(historyToJSON(await handle.fetchHistory()))), null, 1)}\n`);
    console.log(file, outcome);
  } finally {
    await lab.stop();
  }
}
