/** Senders whose requests an intake takes while it dies at a failpoint: each sends again until it is told that its request is stored. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { triggers } from '../../triggers/index.ts';
import { readRaw } from '../../triggers/intake/raw-store.ts';
import { createSeen } from '../../triggers/intake/seen.ts';
import type { CloudEvent } from '../../triggers/events/cloud-event.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { type Story, type Trial, collect, inStory } from './failpoint-lab.ts';
import type { IntakeSettings } from './failpoint-intake.ts';
import { alertmanagerPayload } from './payloads.ts';
import { jsonBytes, signedHeaders } from './signed-requests.ts';

const SECRET = 'secret-of-the-signing-sender';
const LONGER_THAN_A_RESTART_MS = 600_000;
const CLOSE_MS = 5_000;
const ANSWER_MS = 10_000;

/**
 * A group of two alerts, whose bytes are stored beside its events; an alert that is signed without a time, whose bytes are remembered; and a
 * body that can never be an event, which is quarantined.
 */
export const requests: Story = { duplicateWindowMs: LONGER_THAN_A_RESTART_MS, tell: requestsStory };

async function requestsStory(trial: Trial): Promise<void> {
  const { region, path } = trial;
  const url = await superviseIntake(trial);
  startTrigger(trial);
  const group = groupOf(`${region} one`, `${region} two`);
  const signed = jsonBytes(alertmanagerPayload('firing', { instance: `${region} signed` }));
  const unreadable = Buffer.from(`not json, of ${region}`);
  await Promise.all([
    send(`${url}/in/groups`, group),
    send(`${url}/in/signing`, signed, signedHeaders.grafana(SECRET, signed)),
    send(`${url}/in/groups`, unreadable),
  ]);
  await inStory('every event has its record', async () => (await trial.records()).length >= 3);
  await trial.settled();

  const stored = await collect(path.log.read({ stream: eventStream(region) }));
  const events = stored.map(({ data }) => JSON.parse(Buffer.from(data).toString()) as CloudEvent);
  assert.equal(new Set(events.map(({ id }) => id)).size, 3, 'no event is lost');
  assert.equal(events.length, 3, 'each event is stored once');
  const bytes = await Promise.all(events.map((event) => bytesOf(trial, event)));
  assert.deepEqual(bytes.toSorted(), [group, group, signed].map(String).toSorted(), 'what was sent is kept');
  assert.ok(await createSeen(path.log, region).has('signing', signed), 'the signed request is remembered');
  const letters = await trial.letters();
  assert.deepEqual(
    letters.map(({ data }) => Buffer.from(data).toString()),
    [unreadable.toString()],
  );
  assert.equal((await trial.runs()).length, 3, 'one run for each episode');
  const { runs, ...counts } = await trial.audited();
  assert.ok(runs <= 3);
  assert.deepEqual(counts, { stored: 3, recorded: 3, pending: 0, started: 3 });
}

/** Resolves with its address once it says that it is ready. */
async function superviseIntake(trial: Trial): Promise<string> {
  const [port, healthPort] = [await freePort(), await freePort()];
  const settings: IntakeSettings = { configFile: trial.file('tocsin.yaml') };
  const auth = { kind: 'signature', scheme: 'grafana', secrets: ['env:SIGNING_SECRET'] };
  const senders = [
    { name: 'groups', kind: 'alertmanager', auth: { kind: 'none' }, quarantine: true },
    { name: 'signing', kind: 'alertmanager', auth },
  ];
  writeFileSync(
    settings.configFile,
    stringify({ regions: [trial.region], intake: { port, senders }, health: { port: healthPort } }),
  );
  trial.supervise('failpoint-intake', settings, { env: { SIGNING_SECRET: SECRET } });
  await inStory('the intake is ready', async () => (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok);
  return `http://127.0.0.1:${port}`;
}

/** One that does not die, for what the intake has stored. */
function startTrigger({ lab: { client }, region, path, onEnd }: Trial): void {
  const trigger = createTriggerProcess({
    ...path,
    regions: [region],
    engine: createEngine({ client, namespace: 'default' }),
    triggers,
    options: { reorderBoundMs: 1_000, maxInFlight: 16, ackWaitMs: 1_500 },
    instance: 'test',
    logger: pino({ level: 'silent' }),
  });
  trigger.start();
  onEnd(() => trigger.close(CLOSE_MS));
}

/** As real senders do: again until it is taken. */
async function send(url: string, body: Buffer, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  await inStory(`${url} answers 202`, async () => {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    await response.arrayBuffer();
    return response.status === 202;
  });
}

function groupOf(...instances: readonly string[]): Buffer {
  const payloads = instances.map((instance) => alertmanagerPayload('firing', { instance }) as { alerts: object[] });
  return jsonBytes({ ...payloads[0], alerts: payloads.flatMap(({ alerts }) => alerts) });
}

async function bytesOf({ path }: Trial, { data }: CloudEvent): Promise<string> {
  const { raw } = data as { readonly raw: { readonly ref: string } };
  const found = await readRaw(path.log, raw.ref);
  return Buffer.from(found?.bytes ?? []).toString();
}
