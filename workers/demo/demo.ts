/** The story `npm start` tells: a real service falls sick, its alert arrives, the runbook restarts it, and it is healthy again. */
import { join, resolve } from 'node:path';
import { createHash } from 'node:crypto';
import type { Auth } from '../../triggers/intake/auth.ts';
import type { Config } from '../config.ts';
import { toSender } from '../roles/configured-sender.ts';
import type { Lifecycle } from '../lifecycle.ts';
import type { Story } from '../story.ts';
import { type DemoService, startDemoService } from './supervisor.ts';

export interface Demo {
  /** The configuration with the demo's service in its inventory. */
  readonly config: Config;
  play(story: Story, intakeUrl: string): Promise<{ readonly ok: boolean; readonly reason: string }>;
}

const NAME = 'checkout';
const DEFAULT_PORT = 8490;
const CLOSE_MS = 3_000;
const RUN_WITHIN_MS = 180_000;
const POLL_MS = 100;
const POST_TIMEOUT_MS = 10_000;

export async function prepareDemo(config: Config, lifecycle: Lifecycle): Promise<Demo> {
  const [region = ''] = config.regions;
  const port = Number(process.env['TOCSIN_DEMO_PORT'] ?? DEFAULT_PORT);
  const dir = join(resolve(config.dataDir), 'demo');
  const stubborn = process.env['TOCSIN_DEMO_STUBBORN'] === '1';
  const service = await startDemoService({ name: NAME, region, port, dir, stubborn });
  lifecycle.onClose('demo service', CLOSE_MS, () => service.close());
  return {
    config: {
      ...config,
      services: [...config.services.filter(({ name }) => name !== NAME), service.target],
      http: { allow: [...config.http.allow, { origin: service.origin, private: true }] },
    },
    play: (story, intakeUrl) => play(config, service, story, intakeUrl),
  };
}

async function play(config: Config, service: DemoService, story: Story, intakeUrl: string) {
  story.say('demo', `service ${NAME} runs at ${service.origin}; now its connection pool is exhausted`);
  await service.exhaust();
  const startedAt = new Date().toISOString();
  const known = new Set(story.ends.keys());
  await post(config, intakeUrl, alertmanagerPayload('firing', service, startedAt));
  const workflowId = await untilRun(story, known);
  if (workflowId === null) return { ok: false, reason: 'no run was started; see the lines above and the log file' };
  const end = await story.ends.get(workflowId);
  if (end?.status !== 'completed')
    return { ok: false, reason: `the run ${end?.status ?? 'vanished'}: ${end?.detail ?? ''}` };
  if (!(await service.healthy()))
    return { ok: false, reason: 'the run completed, but the service does not answer its health check' };
  await post(config, intakeUrl, alertmanagerPayload('resolved', service, startedAt));
  return { ok: true, reason: '' };
}

/** The run of the demo's own alert: the first that was not there before. */
async function untilRun(story: Story, known: ReadonlySet<string>): Promise<string | null> {
  const deadline = Date.now() + RUN_WITHIN_MS;
  while (Date.now() < deadline) {
    const found = [...story.ends.keys()].find((id) => !known.has(id));
    if (found !== undefined) return found;
    await new Promise((wait) => setTimeout(wait, POLL_MS));
  }
  return null;
}

async function post(config: Config, intakeUrl: string, payload: unknown): Promise<void> {
  const configured = config.intake.senders.find(({ kind }) => kind === 'alertmanager');
  if (configured === undefined) throw new Error('the demo needs a sender of kind alertmanager in the configuration');
  const { name, auth } = toSender(configured);
  const response = await fetch(`${intakeUrl}/in/${name}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...authorization(auth),
    },
    body: JSON.stringify(payload),
    signal: AbortSignal.timeout(POST_TIMEOUT_MS),
  });
  if (response.status !== 202) throw new Error(`the intake answered ${response.status}: ${await response.text()}`);
}

function authorization(auth: Auth): Record<string, string> {
  if (auth.kind !== 'bearer' && auth.kind !== 'basic') return {};
  const [secret = ''] = auth.secrets;
  if (auth.kind === 'bearer') return { authorization: `Bearer ${secret}` };
  return { authorization: `Basic ${Buffer.from(`${auth.user}:${secret}`).toString('base64')}` };
}

/** As Alertmanager sends it. The label `started` makes each demonstration an alert of its own. */
function alertmanagerPayload(status: 'firing' | 'resolved', service: DemoService, startedAt: string): unknown {
  const labels = {
    alertname: 'ServiceDown',
    service: NAME,
    severity: 'critical',
    instance: new URL(service.origin).host,
    started: startedAt,
  };
  const annotations = { summary: `${NAME} fails its health check`, description: 'Its connection pool is exhausted.' };
  const endsAt = status === 'resolved' ? new Date().toISOString() : '0001-01-01T00:00:00Z';
  const fingerprint = createHash('sha256').update(JSON.stringify(labels)).digest('hex').slice(0, 16);
  return {
    version: '4',
    groupKey: '{}:{alertname="ServiceDown"}',
    truncatedAlerts: 0,
    status,
    receiver: 'tocsin',
    groupLabels: { alertname: 'ServiceDown' },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: 'http://127.0.0.1:9093',
    alerts: [{ status, labels, annotations, startsAt: startedAt, endsAt, generatorURL: service.origin, fingerprint }],
  };
}
