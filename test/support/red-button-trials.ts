/**
 * Trials of the red button on real servers: effects go on all the time, servers are killed, `tocsin stop` is given, and the target itself
 * notes when it was acted on. Used by the chaos test and by the bench.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createEngine } from '../../triggers/path/engine.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { cli } from './cli.ts';
import { type Installation, startInstallation } from './installation.ts';
import { until } from './until.ts';
import { byHandContext } from './lab-context.ts';

export interface Down {
  readonly nats: boolean;
  readonly temporal: boolean;
}

export const OUTAGES: Readonly<Record<string, Down>> = {
  'everything up': { nats: false, temporal: false },
  'NATS down': { nats: true, temporal: false },
  'Temporal down': { nats: false, temporal: true },
  'both down': { nats: true, temporal: true },
};

export interface Trial {
  /** From the return of `tocsin stop` to the last effect, ms; 0 when none came later. */
  readonly afterReturnMs: number;
  /** From the moment the running command names as that of the stop, ms; what Node needs to start is not in it. */
  readonly afterPressMs: number;
  /** From the start of the command's process, ms. */
  readonly afterTypingMs: number;
}

export interface RedButtonTrials {
  readonly tocsin: Installation;
  /** When the target was acted on, ms of this process's monotonic clock. */
  readonly effects: readonly number[];
  /** Starts runs that act all the time; resolves when they do. */
  begin(): Promise<readonly string[]>;
  /** Resolves when effects go on after now. */
  goOn(): Promise<void>;
  trial(down: Down): Promise<Trial>;
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '../..');
const SERVICE = 'ticker';
/** How long a stop is watched for an effect that comes too late; the promise is 2 s. */
const WATCH_MS = 3_000;
/** A run that is refused twice, while its worker finds NATS again, comes back after 90 s. */
const GO_ON_MS = 180_000;
/** It bundles its runbooks first, on a machine that may be busy. */
const WORKER_UP_MS = 120_000;
const RUNS = ['ticking', 'ticking', 'lasting'] as const;

export async function startRedButtonTrials(
  options: { readonly failClosedAfter?: string } = {},
): Promise<RedButtonTrials> {
  const tocsin = await startInstallation({ redButton: options });
  const target = await startTarget();
  const worker = await startWorker(tocsin, target.url).catch(async (error: unknown) => {
    await Promise.all([target.close(), tocsin.stop()]);
    throw error;
  });
  const { effects } = target;
  let started = 0;

  const goOn = async (): Promise<void> => {
    const from = performance.now();
    await until('effects go on', () => effects.filter((at) => at > from).length >= 5, GO_ON_MS);
  };
  const begin = async (): Promise<readonly string[]> => {
    const engine = createEngine({ client: tocsin.client, namespace: tocsin.servers.namespace });
    const ids: string[] = [];
    for (const runbook of RUNS) {
      const workflowId = `${runbook} ${(started += 1)}`;
      await until(`${workflowId} is started`, () => engine.start(request(workflowId, runbook, tocsin.region)));
      ids.push(workflowId);
    }
    await goOn();
    return ids;
  };
  const trial = async (down: Down): Promise<Trial> => {
    const ids = await begin();
    await Promise.all([down.nats && tocsin.servers.nats.kill(), down.temporal && tocsin.servers.temporal.kill()]);
    await goOn();
    const typed = performance.now();
    const { code, json, stdout } = await cli(tocsin.env, '--json', 'stop', '--why', 'trial');
    const returned = performance.now();
    assert.equal(code, down.nats ? 3 : 0, stdout);
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    const last = effects.at(-1) ?? 0;
    await Promise.all([down.nats && tocsin.servers.nats.start(), down.temporal && tocsin.servers.temporal.start()]);
    await Promise.all(
      ids.map((id) =>
        until(`${id} is over`, () =>
          tocsin.client.workflow
            .getHandle(id)
            .terminate()
            // What Temporal forgot when it was killed is over as well.
            .then(
              () => true,
              (error: unknown) => String(error).includes('NotFound'),
            ),
        ),
      ),
    );
    // Where NATS was away the host has a stop file, and the record has no stop.
    const resumed = await until('resume is heard', async () => {
      const { code: end } = await cli(tocsin.env, 'resume', '--discard');
      return end === 0;
    });
    assert.ok(resumed);
    const pressed = Date.parse((json as { stopped: { at: string } }).stopped.at) - performance.timeOrigin;
    return {
      afterReturnMs: Math.max(0, last - returned),
      afterPressMs: Math.max(0, last - pressed),
      afterTypingMs: last - typed,
    };
  };
  return {
    tocsin,
    effects,
    begin,
    goOn,
    trial,
    stop: async () => {
      await worker.kill();
      await target.close();
      await tocsin.stop();
    },
  };
}

async function startTarget() {
  const effects: number[] = [];
  const server = createServer((request, response) => {
    effects.push(performance.now());
    request.resume();
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    effects,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function startWorker({ env, servers }: Installation, target: string) {
  const health = await freePort();
  const logFile = join(servers.dir, 'ticking-worker.log');
  const output = openSync(logFile, 'a');
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(ROOT, 'test/support/ticking-worker.ts'), target, servers.dir],
    { cwd: ROOT, env: { ...env, TOCSIN_HEALTH_PORT: String(health) }, stdio: ['ignore', output, output] },
  );
  closeSync(output);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const kill = async (): Promise<void> => {
    if (hasEnded()) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  try {
    const url = `http://127.0.0.1:${health}/readyz`;
    await until('the worker is up', async () => hasEnded() || (await fetch(url)).ok, WORKER_UP_MS);
    assert.ok(!hasEnded(), `the worker ended: ${readFileSync(logFile, 'utf8').slice(-2_000)}`);
  } catch (error) {
    await kill();
    throw error;
  }
  return { kill };
}

const request = (workflowId: string, runbook: string, region: string) => ({
  workflowId,
  workflowType: runbook,
  input: { service: SERVICE, times: 2_000 },
  context: byHandContext({ region, service: SERVICE, onResolved: 'ignore', labels: {} }),
  executionTimeoutMs: 3_600_000,
  summary: 'ticks',
});
