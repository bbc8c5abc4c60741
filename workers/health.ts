/**
 * What watches a process from outside: `/livez` (it answers), `/readyz` (every part does its work right now, else 503 with the names of
 * those that do not, and the reason where it is known), `/metrics` (ours and the SDK's, Prometheus text).
 */
import fastify from 'fastify';
import type { Registry } from 'prom-client';
import { cannotListen } from './cannot-listen.ts';
import { inTime } from './in-time.ts';
import { oneAtATime } from './one-at-a-time.ts';

export interface Health {
  /** A part of the process; `check` may throw or take too long, which counts as no. It is not asked again while it has not answered.
   * `why`: what is known of the reason when it says no. */
  addCheck(name: string, check: Check, why?: Why): void;
  /** From now on the process can be ready: every part has been added. */
  started(): void;
  readiness(): Promise<Readiness>;
  close(): Promise<void>;
}

export interface Readiness {
  readonly ready: boolean;
  readonly parts: Readonly<Record<string, boolean>>;
  /** Of parts that are not ready, where it is known: what is wrong, and what to do. */
  readonly reasons?: Readonly<Record<string, string>>;
}

export interface HealthOptions {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  /** Where the SDK offers its own metrics. */
  readonly sdkMetricsUrl: string;
}

const SDK_METRICS_TIMEOUT_MS = 2_000;
/** Whoever asks gives up soon; a client of Temporal that waits for its server tries for up to ten seconds, whatever its deadline. */
const CHECK_TIMEOUT_MS = 1_500;

type Check = () => boolean | Promise<boolean>;
type Why = () => string | null;

export async function startHealth(options: HealthOptions): Promise<Health> {
  const checks = new Map<string, () => Promise<boolean>>();
  const reasons = new Map<string, Why>();
  let complete = false;
  const readiness = async (): Promise<Readiness> => {
    const answers = await Promise.all(
      [...checks].map(
        async ([name, check]) => [name, await inTime(check(), CHECK_TIMEOUT_MS).catch(() => false)] as const,
      ),
    );
    const parts = Object.fromEntries(answers);
    const known = answers.flatMap(([name, ok]) => {
      const reason = ok ? null : (reasons.get(name)?.() ?? null);
      return reason === null ? [] : [[name, reason] as const];
    });
    return {
      ready: complete && answers.every(([, ok]) => ok),
      parts: { started: complete, ...parts },
      ...(known.length > 0 && { reasons: Object.fromEntries(known) }),
    };
  };
  const server = fastify({ logger: false });
  server.get('/livez', () => ({ live: true }));
  server.get('/readyz', async (_request, reply) => {
    const answered = await readiness();
    return reply.code(answered.ready ? 200 : 503).send(answered);
  });
  server.get('/metrics', async (_request, reply) => {
    const own = await options.registry.metrics();
    return reply.type('text/plain; version=0.0.4').send(`${own}\n${await sdkMetrics(options.sdkMetricsUrl)}`);
  });
  const { host, port } = options;
  await server.listen({ host, port }).catch(cannotListen('health', options, 'health.port or TOCSIN_HEALTH_PORT'));
  return {
    addCheck: (name, check, why) => {
      checks.set(
        name,
        oneAtATime(() => answer(check)),
      );
      if (why !== undefined) reasons.set(name, why);
    },
    started: () => (complete = true),
    readiness,
    close: () => server.close(),
  };
}

async function answer(check: Check): Promise<boolean> {
  try {
    return await check();
  } catch {
    return false;
  }
}

async function sdkMetrics(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(SDK_METRICS_TIMEOUT_MS) });
    return await response.text();
  } catch {
    return '# the metrics of the Temporal SDK could not be read\n';
  }
}
