/** What each process costs while nothing happens. */
import { freePort } from '../../workers/servers/server-process.ts';
import { startInstallation } from '../support/installation.ts';
import { cpuMs, rssMb } from '../support/process-cost.ts';
import { type Row, row } from './statistics.ts';

const ROUNDS = 5;
const ROUND_MS = 10_000;

/** (e) memory and idle processor time of each role and each server, all at once, as a small installation has them. */
export async function measureIdle(report: (line: string) => void): Promise<Row[]> {
  report('idle processes ...');
  const tocsin = await startInstallation();
  try {
    tocsin.env['TOCSIN_INTAKE_PORT'] = String(await freePort());
    const processes = [];
    for (const role of ['intake', 'trigger', 'worker'])
      processes.push(createIdle(role, (await tocsin.startReady(role)).pid));
    for (const server of ['nats', 'temporal'] as const)
      processes.push(createIdle(server, tocsin.servers[server].pid() ?? 0));
    for (let round = 0; round < ROUNDS; round += 1) {
      const ends = processes.map((each) => each.begin());
      await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
      for (const end of ends) end();
    }
    return processes.flatMap((each) => each.rows());
  } finally {
    await tocsin.stop();
  }
}

function createIdle(name: string, pid: number) {
  const [memory, shares]: [number[], number[]] = [[], []];
  return {
    begin: () => {
      const [used, since] = [cpuMs(pid), performance.now()];
      return () => {
        memory.push(rssMb(pid));
        shares.push(((cpuMs(pid) - used) / (performance.now() - since)) * 100);
      };
    },
    rows: () => [row(`${name}_rss_mb`, 'MB', memory), row(`${name}_idle_cpu`, '% of one core', shares)],
  };
}
