/**
 * Records the history of a limit that replay reads: `node --import tsx test/histories/record-limit.ts`. One run holds and is terminated, one
 * waits and fails, one is refused. Never run it to make a failing replay pass.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { limit } from '../../workflows/kit/limit-use.ts';
import { startLimitLab } from '../support/limit-lab.ts';
import { until } from '../support/until.ts';
import { anonymousHistory } from '../../workers/testing/anonymous-history.ts';
import { limitDefinition } from '../support/limit-definition.ts';

const definition = limitDefinition('recorded', {
  failures: { max: 1, perMs: 60_000 },
  coolDownMs: 1_000,
  queueMax: 1,
  waitMs: 300_000,
});

const lab = await startLimitLab([definition]);
try {
  await lab.startWorker();
  const limits = [limit('recorded', 'a')];
  const id = 'limit/recorded/a';
  const holds = await lab.begin('limited', 'holds', { limits, gate: 'gate' });
  await until('it holds', () => lab.effects().length === 1);
  const waits = await lab.begin('limited', 'waits', { limits, fails: true });
  await until('it waits', async () => (await lab.state(id)).state.queue.length === 1);
  await lab.begin('limited', 'refused', { limits }).then((handle) => handle.result().catch(() => undefined));
  await holds.terminate('recorded');
  await until('it is looked at', async () => (await lab.state(id)).state.leases.some(({ phase }) => phase === 'lost'));
  lab.openGate('gate');
  await waits.result().catch(() => undefined);
  await until('it has stopped', async () => (await lab.state(id)).state.stoppedUntil > 0);
  const history = historyToJSON(await lab.client.workflow.getHandle(id).fetchHistory());
  const file = join(import.meta.dirname, 'tocsinLimit-granted-lost-refused-stopped.json');
  writeFileSync(file, `${JSON.stringify(anonymousHistory(JSON.parse(history)), null, 1)}\n`);
  console.log(file);
} finally {
  await lab.stop();
}
