/** Events that start nothing, against a bare consumer that publishes one message for each. */
import { type Bench, store, topology } from './path-bench.ts';
import { type Row, row } from './statistics.ts';

/** So many that what a process learns when it begins, one look per key, is a small part. */
const SETTLES = 9_000;
const SETTLE_KEYS = 200;
/** More than of the others: the two halves of a round are seconds apart, in which a machine becomes another. */
const ROUNDS = 9;

/** (d) repeated firing of open episodes: book, ledger, acknowledgement; against a consumer that publishes one message for each event. */
export async function measureSettles(bench: Bench, report: (line: string) => void): Promise<Row[]> {
  const child = await bench.child();
  const raw: number[] = [];
  const ours: number[] = [];
  const ratios: number[] = [];
  const rpcs: number[] = [];
  await topology(bench, 'settles');
  await topology(bench, 'bare');
  const keys = (index: number): string => `settle ${index % SETTLE_KEYS}`;
  await store(bench.log, 'settles', SETTLE_KEYS, keys);
  await child.order({ kind: 'trigger', region: 'settles', count: SETTLE_KEYS });
  for (let round = 0; round <= ROUNDS; round += 1) {
    await store(bench.log, 'bare', SETTLES, keys);
    const bare = await child.order({ kind: 'bare', region: 'bare', count: SETTLES });
    await store(bench.log, 'settles', SETTLES, keys);
    const settled = await child.order({ kind: 'trigger', region: 'settles', count: SETTLES });
    const [rawRate, rate] = [SETTLES / (bare.elapsedMs / 1_000), SETTLES / (settled.elapsedMs / 1_000)];
    report(`  round ${round}: raw ${rawRate.toFixed(0)}/s, settled ${rate.toFixed(0)}/s`);
    if (round === 0) continue;
    raw.push(rawRate);
    ours.push(rate);
    ratios.push(rate / rawRate);
    rpcs.push(settled.rpcs);
  }
  await child.close();
  return [
    row('raw_settle_rate', '1/s', raw),
    row('settle_rate', '1/s', ours),
    row('settle_ratio', 'settled/raw', ratios, ['>=', 0.7]),
    row('rpcs_of_settled', 'requests', rpcs, ['<=', 0]),
  ];
}
