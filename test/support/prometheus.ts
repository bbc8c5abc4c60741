/**
 * A real Prometheus (Debian's) with our alert rules. So that faults show within seconds every `for` is a second, and minutes in which nothing
 * happens are seconds; the rules as they are have their unit tests by promtool.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ServerProcess, freePort, listens, startServer } from '../../workers/servers/server-process.ts';

const RULES = join(import.meta.dirname, '../../deploy/prometheus/tocsin-rules.yaml');

export interface PrometheusFixture extends ServerProcess {
  /** From now on it scrapes these, and no others. */
  scrape(metricsUrls: readonly string[]): void;
  /** Whether a query has a result now. */
  holds(query: string): Promise<boolean>;
  /** Alerts that fire now. */
  firing(): Promise<readonly { readonly alertname: string; readonly labels: Readonly<Record<string, string>> }[]>;
}

export async function startPrometheus(dir: string, metricsUrls: readonly string[]): Promise<PrometheusFixture> {
  mkdirSync(dir, { recursive: true });
  const port = await freePort();
  const second = '1s';
  writeFileSync(join(dir, 'rules.yaml'), shortened(readFileSync(RULES, 'utf8')));
  const scrape = (urls: readonly string[]): void => {
    const file = join(dir, 'targets.json');
    writeFileSync(`${file}.new`, JSON.stringify([{ targets: urls.map((url) => new URL(url).host) }]));
    renameSync(`${file}.new`, file);
  };
  scrape(metricsUrls);
  writeFileSync(
    join(dir, 'prometheus.yaml'),
    stringify({
      global: { scrape_interval: second, scrape_timeout: second, evaluation_interval: second },
      rule_files: ['rules.yaml'],
      scrape_configs: [
        { job_name: 'tocsin', file_sd_configs: [{ files: ['targets.json'], refresh_interval: second }] },
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
    scrape,
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

const THRESHOLDS: Readonly<Record<string, readonly [seconds: number, shortened: number]>> = {
  TocsinEventsWait: [300, 3],
  TocsinSettlesSlowly: [30, 5],
  TocsinSweeperStale: [600, 10],
};

function shortened(rules: string): string {
  let text = rules.replaceAll(/for: \w+$/gm, 'for: 1s');
  for (const [alert, [seconds, fewer]] of Object.entries(THRESHOLDS)) {
    const rule = new RegExp(`(alert: ${alert}\\n +expr: .* > )${seconds}$`, 'm');
    assert.match(text, rule, `${alert} has another threshold`);
    text = text.replace(rule, `$1${fewer}`);
  }
  return text;
}
