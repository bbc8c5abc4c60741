/** The bytes of requests on a real events log: kept before their events, read back exactly, in parts where a message cannot hold them. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Alert } from '../../triggers/events/alert.ts';
import type { CloudEvent } from '../../triggers/events/cloud-event.ts';
import { readRaw, storeRaw, storedRef } from '../../triggers/intake/raw-store.ts';
import { LogFull } from '../../triggers/nats/errors.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream, rawStream } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { cli } from '../support/cli.ts';
import { startIntake } from '../support/intake.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { REGION } from '../support/read-request.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const SECRET = 'Bearer token-that-is-in-use-now';

describe('raw bytes', () => {
  let servers: TestServers;
  let log: EventLog;
  let marker = 0;
  before(async () => {
    servers = await startTestServers({ nats: true });
    log = await connectLog({ servers: servers.natsUrl, name: 'test' });
    await log.ensureTopology(regionTopology(REGION, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 }), true);
  });
  after(async () => {
    await log.close();
    await servers.stopAll();
  });
  beforeEach(() => (marker += 1));

  /** Spaces, escapes and digits that parsing and writing anew would change. */
  const group = (count: number, padding = 0): string => {
    const [alert] = (alertmanagerPayload('firing') as { alerts: { labels: object }[] }).alerts;
    const alerts = Array.from({ length: count }, (_, index) => ({
      ...alert,
      labels: { ...alert?.labels, index: `${marker}-${index}` },
    }));
    return `{  "groupKey": 12345678901234567890123, "x": "\\u00e9${'x'.repeat(padding)}", "alerts": ${JSON.stringify(alerts)} }\n`;
  };
  const lastAlert = async (): Promise<Alert> => {
    const { lastSequence } = await log.streamState(eventStream(REGION));
    const stored = await log.get(eventStream(REGION), lastSequence);
    return (JSON.parse(Buffer.from(stored?.data ?? []).toString()) as CloudEvent).data as Alert;
  };
  const kept = async (): Promise<number> => (await log.streamState(rawStream(REGION))).messages;

  for (const [why, count, padding, messages] of [
    ['a small request with one alert is kept in its event', 1, 0, 0],
    ['a request with several alerts is kept once', 20, 0, 1],
    ['a large one is kept in parts', 1, 1_400_000, 3],
  ] as const)
    it(why, async (t) => {
      const { post } = await startIntake(t, log);
      const [body, before] = [group(count, padding), await kept()];
      const { status, body: answer } = await post('guarded', body, { authorization: SECRET });
      assert.deepEqual([status, answer.accepted], [202, count]);
      assert.equal((await kept()) - before, messages);
      const { raw } = await lastAlert();
      const found = await readRaw(log, raw.ref ?? '');
      assert.equal(Buffer.from(found?.bytes ?? []).toString(), body);
      assert.equal(found?.contentType, 'application/json');
      assert.equal(raw.sha256, sha256(Buffer.from(body)));
    });

  it('the same request again takes no more room', async (t) => {
    const { post } = await startIntake(t, log);
    const body = group(2);
    await post('am', body);
    const before = await kept();
    await post('am', body);
    assert.equal(await kept(), before);
  });

  it('nothing of a request that is refused is kept, and no authentication of one that is taken', async (t) => {
    const { post } = await startIntake(t, log);
    const before = await kept();
    await post('am', `{"alerts":[${'1,'.repeat(9_000)}1]}`);
    assert.equal(await kept(), before);
    await post('guarded', group(3), { authorization: SECRET });
    for (const stream of [rawStream(REGION), eventStream(REGION)])
      for await (const { headers, data } of log.read({ stream }))
        assert.ok(!`${JSON.stringify(headers)}${Buffer.from(data).toString()}`.includes('token-that-is-in-use'));
  });

  it('while the bytes cannot be kept, no event refers to them', async (t) => {
    const published: string[] = [];
    const publish: EventLog['publish'] = (subject) => {
      published.push(subject);
      return Promise.reject(new LogFull('full'));
    };
    const { post } = await startIntake(t, { publish });
    assert.equal((await post('am', group(2))).status, 503);
    assert.match(published.join(' '), /^raw\.eu\.[0-9a-f]{64}\.0$/);
  });

  it('what is gone, cut or of another hash is not passed off as the request', async () => {
    const bytes = randomBytes(1_200_000);
    const raw = { sha256: sha256(bytes), contentType: null, bytes };
    await storeRaw(log, REGION, raw);
    assert.deepEqual((await readRaw(log, storedRef(REGION, raw)))?.bytes, bytes);
    const lying = { ...raw, sha256: sha256(Buffer.from('other')) };
    await storeRaw(log, REGION, lying);
    assert.equal(await readRaw(log, storedRef(REGION, lying)), null);
    const { lastSequence } = await log.streamState(rawStream(REGION));
    await log.remove(rawStream(REGION), lastSequence);
    assert.equal(await readRaw(log, storedRef(REGION, lying)), null);
    for (const ref of ['', 'raw:eu/../x', 'https://example.com', `raw:eu/${'0'.repeat(64)}`])
      assert.equal(await readRaw(log, ref), null);
  });

  it('`tocsin raw` prints them, by id and by place', async (t) => {
    const { post } = await startIntake(t, log);
    const body = group(1);
    await post('am', body);
    const { lastSequence } = await log.streamState(eventStream(REGION));
    const stored = await log.get(eventStream(REGION), lastSequence);
    const { id } = JSON.parse(Buffer.from(stored?.data ?? []).toString()) as CloudEvent;
    const env = { ...process.env, NATS_URL: servers.natsUrl };
    for (const name of [id, `${REGION}/${lastSequence}`]) {
      const answer = await cli(env, 'raw', name);
      assert.deepEqual([answer.code, answer.stdout], [0, body]);
    }
    const json = await cli(env, '--json', 'raw', id);
    const { data_base64 } = JSON.parse(json.stdout) as { data_base64: string };
    assert.equal(Buffer.from(data_base64, 'base64').toString(), body);
    assert.equal((await cli(env, 'raw', 'nothing', '-r', REGION)).code, 1);
  });
});
