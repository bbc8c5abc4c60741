/** Debian's Prometheus and Alertmanager for one test: one rule over one figure that the test decides, told to one webhook. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort, startServer } from '../../workers/servers/server-process.ts';

/** A reason to skip when they are not installed, else false. */
export const lacksPrometheus: string | false = ['prometheus', 'prometheus-alertmanager'].every(
  (name) => spawnSync(name, ['--version']).status === 0,
)
  ? false
  : 'prometheus and prometheus-alertmanager (Debian) are not installed';

export interface Monitoring {
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  /** What is scraped: 1 healthy, 0 sick. */
  setHealthy(healthy: boolean): void;
  /** Begun newest last; every one is tried. */
  stop(): Promise<void>;
}

export interface MonitoringOptions {
  readonly dir: string;
  /** Labels of the alert besides its name. */
  readonly labels: Readonly<Record<string, string>>;
  readonly alertname: string;
  readonly webhook: string;
}

export async function startMonitoring({ dir, labels, alertname, webhook }: MonitoringOptions): Promise<Monitoring> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (let end = stops.pop(); end !== undefined; end = stops.pop()) await end();
  };
  mkdirSync(dir, { recursive: true });
  const file = (name: string, content: unknown): string => {
    const path = join(dir, name);
    writeFileSync(path, stringify(content));
    return path;
  };
  try {
    let healthy = true;
    const target = createServer((_request, response) => response.end(`service_healthy ${healthy ? 1 : 0}\n`));
    target.listen(0, '127.0.0.1');
    await once(target, 'listening');
    stops.push(async () => target.close());
    const [alertmanager, prometheus] = [await freePort(), await freePort()];
    const alertmanagerConfig = file('alertmanager.yml', {
      route: {
        receiver: 'tocsin',
        group_by: ['alertname'],
        group_wait: '0s',
        group_interval: '1s',
        repeat_interval: '1h',
      },
      receivers: [{ name: 'tocsin', webhook_configs: [{ url: webhook, send_resolved: true }] }],
    });
    const am = await start(dir, 'prometheus-alertmanager', alertmanager, [
      `--config.file=${alertmanagerConfig}`,
      `--storage.path=${join(dir, 'alertmanager')}`,
      `--web.listen-address=127.0.0.1:${alertmanager}`,
      '--cluster.listen-address=',
    ]);
    stops.push(() => am.stop());
    const rules = file('rules.yml', {
      groups: [
        {
          name: 'test',
          rules: [{ alert: alertname, expr: 'service_healthy == 0', labels, annotations: { summary: 'it is sick' } }],
        },
      ],
    });
    const prometheusConfig = file('prometheus.yml', {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanager}`] }] }] },
      scrape_configs: [
        { job_name: 'service', static_configs: [{ targets: [`127.0.0.1:${(target.address() as AddressInfo).port}`] }] },
      ],
    });
    const prom = await start(dir, 'prometheus', prometheus, [
      `--config.file=${prometheusConfig}`,
      `--storage.tsdb.path=${join(dir, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${prometheus}`,
    ]);
    stops.push(() => prom.stop());
    return {
      prometheusUrl: `http://127.0.0.1:${prometheus}`,
      alertmanagerUrl: `http://127.0.0.1:${alertmanager}`,
      setHealthy: (now) => (healthy = now),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const start = (dir: string, command: string, port: number, args: readonly string[]) =>
  startServer({
    name: command,
    command,
    args,
    logFile: join(dir, `${command}.log`),
    ports: [{ port, setting: 'a free port of the test' }],
    ready: async () => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok,
    readyWithinMs: 30_000,
  });
