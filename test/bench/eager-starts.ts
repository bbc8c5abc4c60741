/** Trigger and workers in one process: from JetStream's publish to the end of a run, with the first task handed over at the start and without. */
import { eventStream } from '../../triggers/nats/subject.ts';
import { workflowId } from '../../triggers/path/workflow-id.ts';
import { storeAlert } from '../support/payloads.ts';
import { type Bench, ROUNDS, topology } from './path-bench.ts';
import { repairBundle } from './repair-cost.ts';
import { type RunLatency, latencyOf } from './run-latency.ts';
import { type Row, median, percentile, row } from './statistics.ts';

/** One region for each way, so that both have the same process, workers and servers at the same time. */
const REGIONS = { eager: 'eager', usual: 'usual' } as const;
type Way = keyof typeof REGIONS;
/** Of each way and round, in turn. */
const RUNS = 40;

export async function measureEagerStarts(bench: Bench, report: (line: string) => void): Promise<Row[]> {
  const process = await bench.child();
  for (const region of Object.values(REGIONS)) await topology(bench, region);
  await process.order({ kind: 'worker', regions: Object.values(REGIONS), codePath: await repairBundle(bench) });
  await process.order({ kind: 'repairs', region: REGIONS.eager, eager: true });
  await process.order({ kind: 'repairs', region: REGIONS.usual, eager: false });
  const rounds = { eager: [] as RunLatency[][], usual: [] as RunLatency[][] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const runs = { eager: [] as RunLatency[], usual: [] as RunLatency[] };
    for (let index = 0; index < RUNS; index += 1)
      for (const way of ['eager', 'usual'] as const) runs[way].push(await run(bench, way, `${way} ${round} ${index}`));
    const said = (way: Way): string => `${median(ends(runs[way])).toFixed(1)} ms`;
    report(`  round ${round}: publish to completed, eager ${said('eager')}, usual ${said('usual')}`);
    // The first round warms both up.
    if (round === 0) continue;
    rounds.eager.push(runs.eager);
    rounds.usual.push(runs.usual);
  }
  const of = (way: Way, share: number): number[] => rounds[way].map((runs) => percentile(ends(runs), share));
  return [
    row('eager_publish_to_completed_p50_ms', 'ms', of('eager', 0.5)),
    row('eager_publish_to_completed_p99_ms', 'ms', of('eager', 0.99)),
    row('usual_publish_to_completed_p50_ms', 'ms', of('usual', 0.5)),
    row('usual_publish_to_completed_p99_ms', 'ms', of('usual', 0.99)),
    row(
      'eager_ratio',
      'eager/usual',
      of('eager', 0.5).map((value, round) => value / (of('usual', 0.5)[round] ?? Number.NaN)),
    ),
    row(
      'eager_share',
      'of starts',
      rounds.eager.map((runs) => runs.filter(({ eager }) => eager).length / runs.length),
      ['>=', 1],
    ),
  ];
}

const ends = (runs: readonly RunLatency[]): number[] => runs.map(({ toEndMs }) => toEndMs);

const run = ({ log, temporal }: Bench, way: Way, instance: string): Promise<RunLatency> =>
  latencyOf(temporal.client, async () => {
    const { event } = await storeAlert(log, REGIONS[way], 'firing', { instance });
    return workflowId({
      stream: eventStream(REGIONS[way]),
      trigger: 'bench',
      key: event.partitionkey ?? '',
      generation: 1,
      attempt: 1,
    });
  });
