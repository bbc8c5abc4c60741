/** What each role costs while nothing happens. */
import { freePort } from '../../workers/servers/server-process.ts';
import { startInstallation } from '../support/installation.ts';
import { cpuMs, rssMb } from './process-cost.ts';
import { type Row, row } from './statistics.ts';

const IDLE_MS = 10_000;

/** (e) memory and idle processor time of each role, as production runs them. */
export async function measureIdle(report: (line: string) => void): Promise<Row[]> {
  report('idle processes ...');
  const tocsin = await startInstallation();
  try {
    const rows: Row[] = [];
    for (const role of ['intake', 'trigger', 'worker']) {
      tocsin.env['TOCSIN_INTAKE_PORT'] = String(await freePort());
      const { pid } = await tocsin.startReady(role);
      const before = cpuMs(pid);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      rows.push(
        row(`${role}_rss_mb`, 'MB', [rssMb(pid)]),
        row(`${role}_idle_cpu`, '% of one core', [((cpuMs(pid) - before) / IDLE_MS) * 100]),
      );
    }
    return rows;
  } finally {
    await tocsin.stop();
  }
}
