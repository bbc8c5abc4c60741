/** Starts by the trigger process, out of JetStream, against the same starts by the bare client. */
import type { Answer } from './child.ts';
import { type Bench, ROUNDS, store, topology } from './path-bench.ts';
import { cpuMs } from './process-cost.ts';
import { type Row, row } from './statistics.ts';

const STARTS = 1_000;
const REGION = 'starts';

/** (a) starts by the bare client and (b) by the trigger process, in turn. No worker runs: only the starts are measured. */
export async function measureStarts(bench: Bench, report: (line: string) => void): Promise<Row[]> {
  const [bare, trigger] = [await bench.child(), await bench.child()];
  const raw: Cost[] = [];
  const ours: Cost[] = [];
  await topology(bench, REGION);
  for (let round = 0; round <= ROUNDS; round += 1) {
    const before = await costOf(bench, () => bare.order({ kind: 'starts', round: String(round), count: STARTS }));
    await store(bench.log, REGION, STARTS, (index) => `start ${round} ${index}`);
    const after = await costOf(bench, () => trigger.order({ kind: 'trigger', region: REGION, count: STARTS }));
    report(`  round ${round}: raw ${before.rate.toFixed(0)}/s, trigger process ${after.rate.toFixed(0)}/s`);
    // The first round warms both up.
    if (round === 0) continue;
    raw.push(before);
    ours.push(after);
  }
  await Promise.all([bare.close(), trigger.close()]);
  const ratios = ours.map(({ rate }, round) => rate / (raw[round]?.rate ?? Number.NaN));
  return [
    row('raw_start_rate', '1/s', of(raw, 'rate')),
    row('trigger_start_rate', '1/s', of(ours, 'rate')),
    row('start_ratio', 'trigger/raw', ratios, ['>=', 0.9]),
    row('rpcs_per_start', 'requests', of(ours, 'rpcs'), ['<=', 1]),
    row('raw_cpu_per_start', 'ms', of(raw, 'clientMs')),
    row('trigger_cpu_per_start', 'ms', of(ours, 'clientMs')),
    row('nats_cpu_per_start', 'ms', of(ours, 'natsMs')),
    row('raw_temporal_cpu_per_start', 'ms', of(raw, 'temporalMs')),
    row('temporal_cpu_per_start', 'ms', of(ours, 'temporalMs')),
  ];
}

/** Of one start: processor time of each process that takes part. */
interface Cost {
  readonly rate: number;
  readonly rpcs: number;
  readonly clientMs: number;
  readonly natsMs: number;
  readonly temporalMs: number;
}

async function costOf({ servers }: Bench, work: () => Promise<Answer>): Promise<Cost> {
  const pids = [servers.nats.pid() ?? 0, servers.temporal.pid() ?? 0];
  const before = pids.map(cpuMs);
  const { elapsedMs, cpuMs: clientMs, rpcs } = await work();
  const [natsMs = 0, temporalMs = 0] = pids.map((pid, index) => (cpuMs(pid) - (before[index] ?? 0)) / STARTS);
  return { rate: STARTS / (elapsedMs / 1_000), rpcs: rpcs / STARTS, clientMs: clientMs / STARTS, natsMs, temporalMs };
}

const of = (costs: readonly Cost[], name: keyof Cost): number[] => costs.map((each) => each[name]);
