/** Starts by the trigger process, out of JetStream, against the same starts by the bare client. */
import type { Answer } from './child.ts';
import { giveACore } from './cores.ts';
import { type Bench, store, topology } from './path-bench.ts';
import { cpuMs } from '../support/process-cost.ts';
import { type Row, row } from './statistics.ts';

const STARTS = 500;
/** Short and many: the rate of the server itself differs by half from one second to the next, for both alike. */
const ROUNDS = 16;
const REGION = 'starts';

/**
 * (a) starts by the bare client and (b) by the trigger process, in turn. No worker runs: only the starts are measured. Temporal has a core
 * of its own, as it has machines of its own in production: else the trigger process and NATS take turns with it on the few there are, and
 * what is measured is the scheduler. That too is told, as `start_ratio_shared_cores`.
 */
export async function measureStarts(bench: Bench, report: (line: string) => void): Promise<Row[]> {
  const [bare, trigger] = [await bench.child(), await bench.child()];
  await topology(bench, REGION);
  const inTurn = async (name: string) => {
    const pairs: Pair[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const label = `${name} ${round}`;
      await store(bench.log, REGION, STARTS, (index) => `start ${label} ${index}`);
      const byBare = () => costOf(bench, () => bare.order({ kind: 'starts', round: label, count: STARTS }));
      const byTrigger = () => costOf(bench, () => trigger.order({ kind: 'trigger', region: REGION, count: STARTS }));
      // Whoever goes second meets a server that holds more: every other time it is the bare client.
      const before = round % 2 === 0 ? await byBare() : null;
      const ours = await byTrigger();
      const raw = before ?? (await byBare());
      report(`  ${label}: raw ${raw.rate.toFixed(0)}/s, trigger process ${ours.rate.toFixed(0)}/s`);
      // The first round warms both up.
      if (round > 0) pairs.push({ raw, ours });
    }
    return pairs;
  };
  const shared = await inTurn('shared cores');
  const { nats, temporal } = bench.servers;
  const apart = giveACore(temporal.pid() ?? 0, [nats.pid() ?? 0, bare.pid, trigger.pid]);
  if (!apart) report('  no second core, or no taskset: Temporal shares its core with the others');
  const pairs = apart ? await inTurn('own core') : shared;
  await Promise.all([bare.close(), trigger.close()]);
  return [...rowsOf(pairs), row('start_ratio_shared_cores', 'trigger/raw', shared.map(ratioOf))];
}

function rowsOf(pairs: readonly Pair[]): Row[] {
  const raw = pairs.map((pair) => pair.raw);
  const ours = pairs.map((pair) => pair.ours);
  return [
    row('raw_start_rate', '1/s', of(raw, 'rate')),
    row('trigger_start_rate', '1/s', of(ours, 'rate')),
    row('start_ratio', 'trigger/raw', pairs.map(ratioOf), ['>=', 0.9]),
    row('rpcs_per_start', 'requests', of(ours, 'rpcs'), ['<=', 1]),
    row('raw_cpu_per_start', 'ms', of(raw, 'clientMs')),
    row('trigger_cpu_per_start', 'ms', of(ours, 'clientMs')),
    row('nats_cpu_per_start', 'ms', of(ours, 'natsMs')),
    row('raw_temporal_cpu_per_start', 'ms', of(raw, 'temporalMs')),
    row('temporal_cpu_per_start', 'ms', of(ours, 'temporalMs')),
  ];
}

/** One round of each, next to each other in time. */
interface Pair {
  readonly raw: Cost;
  readonly ours: Cost;
}

const ratioOf = ({ raw, ours }: Pair): number => ours.rate / raw.rate;

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
