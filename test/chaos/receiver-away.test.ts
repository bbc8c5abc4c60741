/**
 * The receiver of notices is away for a real hour (`AWAY_SECONDS` for another time) while runs end well and fail: no run waits for it, it is not
 * asked without end, memory stays bounded, and when it is back every failed run is told, once.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { NOTICE_CONSUMER, ledgerStream } from '../../triggers/nats/subject.ts';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const AWAY_MS = Number(process.env['AWAY_SECONDS'] ?? 3_600) * 1_000;
const EVERY_MS = 5_000;
/** Six attempts within some four minutes belong to one message. */
const MOST_ATTEMPTS = 6 + Math.ceil(AWAY_MS / 20_000);
const MOST_GROWN_BYTES = 150 * 2 ** 20;

interface Document {
  readonly key: string;
  readonly more: readonly { readonly key: string }[];
  readonly repeats: number;
  readonly unlisted: number;
}

let tocsin: Installation;
let receiver: Receiver;
let trigger: RoleProcess;
before(async () => {
  receiver = await startReceiver();
  tocsin = await startInstallation({
    env: { WEBHOOK_URL: receiver.url.href },
    config: () => ({ notify: { channels: [{ kind: 'webhook', url: 'env:WEBHOOK_URL' }] } }),
  });
  [trigger] = await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
});
after(async () => {
  await tocsin?.stop();
  await receiver?.close();
});

/** By status, as Temporal has them. */
async function counted(status: 'Completed' | 'Failed' | 'Running'): Promise<number> {
  const { count } = await tocsin.client.workflow.count(`TocsinTrigger IS NOT NULL AND ExecutionStatus = '${status}'`);
  return count;
}

async function residentBytes(): Promise<number> {
  const text = await (await fetch(trigger.metricsUrl)).text();
  const [, bytes] = /^process_resident_memory_bytes (\S+)$/m.exec(text) ?? [];
  return Number(bytes ?? assert.fail('no size in the metrics'));
}

it('no run waits, and every failed one is told once when somebody listens again', async (t) => {
  receiver.answer = (response) => response.writeHead(503).end();
  const sizeBefore = await residentBytes();
  const end = performance.now() + AWAY_MS;
  let pairs = 0;
  while (performance.now() < end) {
    pairs += 1;
    // One that is known, and healthy after the first restart; one that is on no list, which needs a human.
    await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: `known-${pairs}` });
    await storeAlert(tocsin.log, tocsin.region, 'firing', { service: 'unlisted', instance: `unlisted-${pairs}` });
    await pause(EVERY_MS);
  }
  await until('no run waits for the receiver', async () => (await counted('Running')) === 0);
  assert.deepEqual([await counted('Completed'), await counted('Failed')], [pairs, pairs]);
  const attempts = receiver.requests.length;
  const grown = (await residentBytes()) - sizeBefore;
  t.diagnostic(`${pairs} failed runs, ${attempts} attempts, memory ${Math.round(grown / 2 ** 20)} MiB more`);
  assert.ok(attempts > 0 && attempts <= MOST_ATTEMPTS, `${attempts} attempts, expected at most ${MOST_ATTEMPTS}`);
  assert.ok(grown <= MOST_GROWN_BYTES, `${grown} bytes more`);

  receiver.answer = (response) => response.end('ok');
  const documents = (): Document[] => receiver.requests.slice(attempts).map(({ body }) => JSON.parse(body) as Document);
  const listed = (): string[] => documents().flatMap(({ key, more }) => [key, ...more.map((each) => each.key)]);
  const isFailedRun = (key: string): boolean => /^run\/.*\/failed$/.test(key);
  /** A message names fifty at most, and counts the others. */
  const told = (): number =>
    listed().filter(isFailedRun).length + documents().reduce((sum, { unlisted }) => sum + unlisted, 0);
  await until('all are told', () => told() >= pairs, 900_000);
  await until('nothing is left to be told', async () => {
    const { pending, ackPending } = await tocsin.log.consumerState(ledgerStream(tocsin.region), NOTICE_CONSUMER);
    return pending === 0 && ackPending === 0;
  });
  const repeats = documents().reduce((sum, each) => sum + each.repeats, 0);
  t.diagnostic(`${documents().length} messages, ${listed().length} notices named in them, ${repeats} repetitions`);
  assert.equal(
    told(),
    pairs,
    `each once; others: ${listed()
      .filter((key) => !isFailedRun(key))
      .join(', ')}`,
  );
  assert.equal(new Set(listed()).size, listed().length, 'none twice');
  assert.deepEqual((await tocsin.audit()).offenders, []);
});
