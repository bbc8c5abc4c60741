/** Bad input and outages at the intake, on a real events log: each gets its answer, its neighbours are stored, nothing is lost. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Alert } from '../../triggers/events/alert.ts';
import type { CloudEvent, EventOf } from '../../triggers/events/cloud-event.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog, StoredMessage } from '../../triggers/nats/port.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { text } from '../support/events-log.ts';
import { type Answer, type Body, type TestIntake, startIntake } from '../support/intake.ts';
import { type PayloadOptions, alertmanagerPayload } from '../support/payloads.ts';
import { REGION } from '../support/read-request.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

const STREAM = eventStream(REGION);
const CE = { 'content-type': 'application/cloudevents+json' };
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };
const group = (...alerts: unknown[]): string => JSON.stringify({ version: '4', alerts });
const anAlert = (options: PayloadOptions = {}, changes: object = {}): object => {
  const [first] = (alertmanagerPayload('firing', options) as { alerts: object[] }).alerts;
  return { ...first, ...changes };
};
const event = (id: string, changes: object = {}): object => ({
  specversion: '1.0',
  id,
  source: '/test',
  type: 'com.example.deployed',
  data: {},
  ...changes,
});

interface BadRequest {
  readonly why: string;
  readonly sender?: string;
  readonly body: Body;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expected: string;
}

const soon = (): string => new Date(Date.now() + 26 * 3_600_000).toISOString();
const BAD: readonly BadRequest[] = [
  { why: 'nothing at all', body: '', expected: '400 not-alertmanager' },
  { why: 'JSON that is cut off', body: group(anAlert()).slice(0, -20), expected: '400 not-json' },
  { why: 'a body beyond the limit', body: 'x'.repeat(2_000_001), expected: '413 body-too-large' },
  { why: 'a hundred thousand levels', body: '['.repeat(100_000), expected: '400 too-deep' },
  { why: 'bytes that are not UTF-8', body: new Uint8Array([0x7b, 0x22, 0xff, 0x22]), expected: '400 not-utf8' },
  { why: 'the same key twice', body: '{"alerts":[],"alerts":[]}', expected: '400 duplicate-key /alerts' },
  { why: 'a prototype key', body: '{"alerts":[],"__proto__":{}}', expected: '400 forbidden-key /__proto__' },
  { why: 'a number beyond all bounds', body: '{"alerts":1e999}', expected: '400 number-out-of-range /alerts' },
  { why: 'half a character', body: '{"alerts":"\\ud800"}', expected: '400 lone-surrogate /alerts' },
  { why: 'another shape', body: '{"events":[]}', expected: '400 not-alertmanager /alerts' },
  {
    why: 'no status',
    body: group(anAlert({}, { status: undefined })),
    expected: '400 missing-status /alerts/0/status',
  },
  { why: 'no labels', body: group(anAlert({}, { labels: {} })), expected: '400 bad-labels /alerts/0/labels' },
  {
    why: 'a start in the future',
    body: group(anAlert({ startsAt: soon() })),
    expected: '400 time-in-the-future /alerts/0/startsAt',
  },
  {
    why: 'an ancient start',
    body: group(anAlert({ startsAt: '1971-01-01T00:00:00Z' })),
    expected: '400 time-ancient /alerts/0/startsAt',
  },
  {
    why: 'an alert larger than a message',
    body: group(anAlert({}, { annotations: { summary: 'x'.repeat(700_000) } })),
    expected: '400 event-too-large',
  },
  { why: 'an unknown sender', sender: 'nobody', body: group(anAlert()), expected: '404 unknown-sender' },
  { why: 'a sender without its token', sender: 'guarded', body: group(anAlert()), expected: '401 not-authenticated' },
  {
    why: 'another content type',
    body: group(anAlert()),
    headers: { 'content-type': 'text/plain' },
    expected: '415 content-type',
  },
  {
    why: 'no CloudEvent',
    sender: 'ce',
    headers: CE,
    body: JSON.stringify(event('1', { specversion: '2.0' })),
    expected: '400 not-a-cloudevent /specversion',
  },
  {
    why: 'an unknown event type',
    sender: 'ce',
    headers: CE,
    body: JSON.stringify(event('1', { type: 'nobody.listens' })),
    expected: '400 unknown-event-type /type',
  },
  {
    why: 'an alert that is none',
    sender: 'ce',
    headers: CE,
    body: JSON.stringify(event('1', { type: 'tocsin.alert.firing' })),
    expected: '400 not-an-alert /data',
  },
];

const short = ({ status, body: { error } }: Answer): string => [status, error?.reason, error?.place].join(' ').trim();

describe('the intake on a real events log', () => {
  let servers: TestServers;
  let log: EventLog;
  let intake: TestIntake;
  const closers: (() => unknown)[] = [];
  const stored = async (): Promise<StoredMessage[]> => {
    const found: StoredMessage[] = [];
    for await (const message of log.read({ stream: STREAM })) found.push(message);
    return found;
  };
  before(async () => {
    servers = await startTestServers({ nats: true });
    closers.push(() => servers.stopAll());
    log = await connectLog({ servers: servers.natsUrl, name: 'intake' });
    closers.push(() => log.close());
    const topology = { duplicateWindowMs: 60_000, replicas: 1, ackWaitMs: 5_000 };
    await log.ensureTopology(regionTopology(REGION, topology), true);
    intake = await startIntake({ after: (close) => void closers.push(close as () => unknown) }, log);
  });
  after(async () => {
    for (const close of closers.toReversed()) await close();
  });

  for (const { why, sender = 'am', body, headers = {}, expected } of BAD) {
    it(`${why}: ${expected}, and nothing is stored`, async () => {
      const { lastSequence } = await log.streamState(STREAM);
      const answer = await intake.post(sender, body, headers);
      assert.equal(short(answer), expected);
      assert.ok(answer.body.error?.message, 'says what was expected');
      assert.equal((await log.streamState(STREAM)).lastSequence, lastSequence);
    });
  }

  it('of a mixed group the good are stored, and the bad are listed by index', async () => {
    const bad = [anAlert({}, { status: undefined }), anAlert({ startsAt: soon() }), 7];
    const body = group(bad[0], anAlert({ instance: 'mixed-1' }), bad[1], anAlert({ instance: 'mixed-2' }), bad[2]);
    const { lastSequence } = await log.streamState(STREAM);
    const answer = await intake.post('am', body);
    assert.equal(answer.status, 202);
    assert.deepEqual([answer.body.accepted, answer.body.duplicates], [2, 0]);
    assert.deepEqual(
      answer.body.rejected?.map(({ index, reason }) => [index, reason]),
      [
        [0, 'missing-status'],
        [2, 'time-in-the-future'],
        [4, 'not-an-object'],
      ],
    );
    const instances = (await stored())
      .filter(({ sequence }) => sequence > lastSequence)
      .map(({ data }) => (JSON.parse(text(data)) as EventOf<Alert>).data.labels['instance']);
    assert.deepEqual(new Set(instances), new Set(['mixed-1', 'mixed-2']));
  });

  it('the same request again is answered the same and stored once', async () => {
    const body = group(anAlert({ instance: 'again' }));
    const answers = [await intake.post('am', body), await intake.post('am', body)];
    assert.deepEqual(
      answers.map(({ status, body: { accepted, duplicates } }) => [status, accepted, duplicates]),
      [
        [202, 1, 0],
        [202, 1, 1],
      ],
    );
  });

  it('ids that only sanitising would make alike stay apart, and none of them reaches the protocol', async () => {
    const ids = ['a.*> b', 'a b', 'a-b', 'a\r\nb', 'a\r\nPUB events.eu.urgent.x.y 0\r\n\r\n'];
    const { lastSequence } = await log.streamState(STREAM);
    const answer = await intake.post('ce', JSON.stringify(ids.map((id) => event(id))), BATCH);
    assert.deepEqual([answer.status, answer.body.accepted, answer.body.duplicates], [202, ids.length, 0]);
    const added = (await stored()).filter(({ sequence }) => sequence > lastSequence);
    assert.deepEqual(added.map(({ data }) => (JSON.parse(text(data)) as CloudEvent).id).toSorted(), ids.toSorted());
    assert.deepEqual(
      [...new Set(added.map(({ subject }) => subject))],
      ['events.eu.normal.cloudevents.com-example-deployed'],
    );
  });

  it('while NATS is down a sender is asked to come again; what it sends again is stored', async () => {
    const body = group(anAlert({ instance: 'outage' }));
    await servers.nats.kill();
    const answer = await intake.post('am', body);
    assert.equal(short(answer), '503 cannot-store');
    assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    await servers.nats.start();
    await until('the intake stores again', async () => (await intake.post('am', body)).status === 202);
    const kept = (await stored()).filter(({ data }) => text(data).includes('"instance":"outage"'));
    assert.equal(kept.length, 1);
  });
});
