/** What every worker loads, and what a test waits for: the size of the shipped runbooks' bundle, and a month of virtual time. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { workflowBundle } from '../../workers/bundle.ts';
import { openTestKit } from '../../workers/testing/index.ts';
import { ROUNDS } from './path-bench.ts';
import type * as repairs from './repairs.ts';
import { type Row, row } from './statistics.ts';

export async function measureAuthoringKit(): Promise<Row[]> {
  return [row('workflow_bundle_mb', 'MB', [await bundleMegabytes()], ['<=', 2]), ...(await virtualMonth())];
}

async function bundleMegabytes(): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-bundle-'));
  try {
    const { codePath } = await workflowBundle(dir, pino({ level: 'silent' }));
    return statSync(codePath).size / 1e6;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function virtualMonth(): Promise<Row[]> {
  const opening = performance.now();
  const kit = await openTestKit<typeof repairs>({ workflows: join(import.meta.dirname, 'repairs.ts') });
  try {
    const startUp = seconds(opening);
    const months: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = await kit.now();
      const begun = performance.now();
      const { failure } = await kit.run('waitsForAMonth', { input: {}, timeout: '31 days', activities: {} });
      months.push(seconds(begun));
      const days = ((await kit.now()) - before) / 86_400_000;
      if (failure !== null || days < 30) throw new Error(`expected 30 days, were ${days}: ${failure}`);
    }
    return [row('test_kit_start_s', 's', [startUp]), row('test_kit_30_days_s', 's', months, ['<=', 1])];
  } finally {
    await kit.close();
  }
}

const seconds = (since: number): number => (performance.now() - since) / 1_000;
