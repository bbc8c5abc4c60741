/**
 * Records the histories of runs within windows: `node --import tsx test/histories/record-windows.ts NAME...`. Run it for an outcome that is new,
 * never to make a failing replay pass.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { signOverride } from '../../workers/windows/sign-override.ts';
import { OVERRIDE_SIGNAL } from '../../workflows/kit/window-message.ts';
import { until } from '../support/until.ts';
import { type WindowLab, startWindowLab } from '../support/window-lab.ts';
import { anonymousHistory } from '../../workers/testing/anonymous-history.ts';

const HOUR_MS = 3_600_000;
const WANTED = process.argv.slice(2);
const DIRECTORY = join(import.meta.dirname, 'windows');

let during: (what: string) => void | Promise<void> = () => undefined;
const lab = await startWindowLab({ during: (what) => during(what) });
const waits = (id: string): Promise<unknown> =>
  until('it waits', async () => (await lab.details(id)).includes('waits for window'));

const RECORDINGS: Readonly<Record<string, (on: WindowLab) => Promise<string>>> = {
  opened: async ({ freeze, begin }) => {
    freeze(-HOUR_MS, 4_000);
    return begin('patch', { jitterMs: 500 });
  },
  'carried-over': async ({ freeze, begin }) => {
    const { from } = freeze(3_000, 6_000);
    during = async (what) => {
      if (what === 'patch') await until('it has closed', () => Date.now() > from * 1_000);
    };
    return begin('patch', { onCutoff: 'carryOver', needMs: 1_000 });
  },
  'cut-off': async ({ freeze, begin }) => {
    freeze(4_000, HOUR_MS);
    return begin('slow', { onCutoff: 'cancel', needMs: 1_000 });
  },
  'opened-by-hand': async ({ freeze, begin, temporal, keys: { ann } }) => {
    freeze(-HOUR_MS, HOUR_MS);
    const workflowId = await begin('patch');
    await waits(workflowId);
    if (ann === undefined) throw new Error('ann has no key');
    const handle = temporal.client.workflow.getHandle(workflowId);
    const { runId } = await handle.describe();
    const override = { workflowId, runId, window: 'open', until: Date.now() + 60_000, why: 'recorded' };
    await handle.signal(OVERRIDE_SIGNAL, 'open', signOverride(ann, override));
    return workflowId;
  },
  'frozen-meanwhile': ({ freeze, begin }) => {
    during = (what) => void (what === 'patch' && freeze(-1_000, 5_000));
    return begin('patch', { onCutoff: 'carryOver', needMs: 1_000, recheckMs: 1 });
  },
  'left-over': ({ freeze, begin }) => {
    const { from } = freeze(3_000, 8_000);
    during = async (what) => {
      if (what === 'patch') await until('it has closed', () => Date.now() > from * 1_000);
    };
    return begin('patch', { needMs: 1_000 });
  },
  // Begins after the close, as `finish` did before: recorded by the kit of then, and to be replayed only.
  'begun-late': async ({ freeze, begin }) => {
    const { from } = freeze(3_000, 6_000);
    during = async (what) => {
      if (what === 'patch') await until('it has closed', () => Date.now() > from * 1_000 + 1_000);
    };
    return begin('patch', { onCutoff: 'finish', needMs: 1_000, recheckMs: 1 });
  },
  doubtful: ({ begin }) => begin('patch', { waitMs: 2_000 }, { window: 'doubtful' }),
};

try {
  mkdirSync(DIRECTORY, { recursive: true });
  for (const [name, record] of Object.entries(RECORDINGS)) {
    if (!WANTED.includes(name)) continue;
    during = () => undefined;
    lab.thaw();
    const handle = lab.temporal.client.workflow.getHandle(await record(lab));
    await handle.result().catch(() => undefined);
    const history = anonymousHistory(JSON.parse(historyToJSON(await handle.fetchHistory())));
    writeFileSync(join(DIRECTORY, `${name}.json`), `${JSON.stringify(history, null, 1)}\n`);
    console.log(name);
  }
} finally {
  await lab.stop();
}
