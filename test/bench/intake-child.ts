/** The measured process of `intake`: an intake on a real events log, and the same log without it. Orders come by IPC, one at a time. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pino } from 'pino';
import { parseJson } from '../../triggers/events/json.ts';
import { sha256Of } from '../../triggers/events/sha256-of.ts';
import { createIntake } from '../../triggers/intake/intake.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import { eventStream, eventSubject } from '../../triggers/nats/subject.ts';
import { alertmanager } from '../../triggers/sources/alertmanager.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { rawConnection, rawPublish } from './raw-log.ts';

export type IntakeOrder =
  /** By the bare client: publish copies of one event under new ids, `window` at a time. */
  | { readonly kind: 'publish'; readonly count: number; readonly window: number; readonly body: string }
  /** Parse and normalise the same request, on this one thread. */
  | { readonly kind: 'normalise'; readonly count: number; readonly body: string }
  | { readonly kind: 'memory' }
  /** From `watch` to `watched`: how long the event loop stood still at most. */
  | { readonly kind: 'watch' | 'watched' };

export interface IntakeAnswer {
  readonly elapsedMs: number;
  /** Of every thread. */
  readonly cpuMs: number;
  /** Resident, after a collection. */
  readonly rssBytes: number;
  /** Since the last `watch`. */
  readonly stallMs: number;
}

const [natsUrl = '', region = ''] = process.argv.slice(2);
const log = await connectLog({ servers: natsUrl, name: 'bench' });
const raw = await rawConnection(natsUrl);
const intake = createIntake({
  senders: [{ name: 'am', source: alertmanager, auth: { kind: 'none' } }],
  log,
  region,
  knownTypes: new Set(),
  host: '127.0.0.1',
  port: await freePort(),
  // More than ever wait at once: a stall of the machine is to show as latency, not as refusals.
  limits: { maxBodyBytes: 8_388_608, bodyTimeoutMs: 30_000, maxConcurrent: 4_096 },
  logger: pino({ level: 'error' }),
});
const { url } = await intake.listen();
let published = 0;
const delays = monitorEventLoopDelay({ resolution: 1 });

process.on('disconnect', () => process.exit(0));
process.on('message', (order: IntakeOrder) => {
  void carryOut(order).then((answer) => process.send?.(answer));
});
process.send?.(url);

async function carryOut(order: IntakeOrder): Promise<IntakeAnswer> {
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  if (order.kind === 'publish') await publish(order);
  if (order.kind === 'normalise') normalise(order);
  if (order.kind === 'watch') delays.reset();
  if (order.kind === 'watch') delays.enable();
  if (order.kind === 'watched') delays.disable();
  const elapsedMs = performance.now() - begun;
  const cpu = process.cpuUsage(cpuBefore);
  if (order.kind !== 'watch' && order.kind !== 'watched') globalThis.gc?.();
  return {
    elapsedMs,
    cpuMs: (cpu.user + cpu.system) / 1_000,
    rssBytes: process.memoryUsage().rss,
    stallMs: delays.max / 1e6,
  };
}

async function publish({ count, window, body }: Extract<IntakeOrder, { kind: 'publish' }>): Promise<void> {
  const subject = eventSubject(region, 'urgent', 'alertmanager', 'tocsin.alert.firing');
  const stream = eventStream(region);
  const data = Buffer.from(body);
  await rawPublish(raw, count, window, () => ({ subject, stream, data, id: `raw-${(published += 1)}` }));
}

function normalise({ count, body }: Extract<IntakeOrder, { kind: 'normalise' }>): void {
  const raw = Buffer.from(body);
  const receivedAt = new Date().toISOString();
  for (let done = 0; done < count; done += 1) {
    const parsed = parseJson(raw);
    const rawSha256 = sha256Of(raw);
    const request = { sender: 'am', headers: {}, contentType: 'application/json', raw, rawSha256, receivedAt };
    const { events } = alertmanager.toEvents({ ...request, body: parsed.ok ? parsed.value : null });
    if (events.length === 0) throw new Error('the request of the bench has no alert in it');
  }
}
