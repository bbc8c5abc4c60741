/** A real Prometheus (Debian's) with our alert rules, whose waits are shortened so that faults show within seconds. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ServerProcess, freePort, listens, startServer } from '../../workers/servers/server-process.ts';

const RULES = join(import.meta.dirname, '../../deploy/prometheus/tocsin-rules.yaml');

export interface PrometheusFixture extends ServerProcess {
  /** Whether a query has a result now. */
  holds(query: string): Promise<boolean>;
  /** Alerts that fire now. */
  firing(): Promise<readonly { readonly alertname: string; readonly labels: Readonly<Record<string, string>> }[]>;
}

export async function startPrometheus(dir: string, metricsUrls: readonly string[]): Promise<PrometheusFixture> {
  mkdirSync(dir, { recursive: true });
  const port = await freePort();
  const second = '1s';
  writeFileSync(join(dir, 'rules.yaml'), readFileSync(RULES, 'utf8').replaceAll(/for: \w+$/gm, `for: ${second}`));
  writeFileSync(
    join(dir, 'prometheus.yaml'),
    stringify({
      global: { scrape_interval: second, scrape_timeout: second, evaluation_interval: second },
      rule_files: ['rules.yaml'],
      scrape_configs: [
        { job_name: 'tocsin', static_configs: [{ targets: metricsUrls.map((url) => new URL(url).host) }] },
      ],
    }),
  );
  const server = await startServer({
    name: 'prometheus',
    command: 'prometheus',
    args: [
      `--config.file=${join(dir, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    logFile: join(dir, 'prometheus.log'),
    ports: [],
    ready: () => listens(port),
    readyWithinMs: 30_000,
  });
  return {
    ...server,
    holds: async (query) => {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`);
      return ((await response.json()) as { data: { result: unknown[] } }).data.result.length > 0;
    },
    firing: async () => {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/alerts`);
      const { data } = (await response.json()) as {
        data: { alerts: { state: string; labels: Record<string, string> }[] };
      };
      return data.alerts
        .filter(({ state }) => state === 'firing')
        .map(({ labels }) => ({ alertname: labels['alertname'] ?? '', labels }));
    },
  };
}
