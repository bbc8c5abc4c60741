/**
 * Every text of an event x every hostile text x every place where it may go: a command of another host, a unit there, an HTTP request, a
 * statement, a log line, a subject. It arrives there as it is, or is refused; nothing is ever done because of it. The cells are generated,
 * and counted at the end.
 */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createDatabases } from '../../activities/postgres/databases.ts';
import { withSession } from '../../activities/postgres/session.ts';
import { createPostgresActivities } from '../../activities/postgres.ts';
import { createSystemd } from '../../activities/systemd.ts';
import { accept } from '../../triggers/intake/accept.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { deadSubject, ledgerStream, ledgerSubject } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { logRecord } from '../../triggers/path/event-log-line.ts';
import { workflowId } from '../../triggers/path/workflow-id.ts';
import { cloudevents } from '../../triggers/sources/cloudevents.ts';
import { createLogger } from '../../workers/logger.ts';
import {
  type Field,
  eventWith,
  hostileTexts,
  sampleFields,
  schemaFieldOf,
  schemaFields,
  textAt,
} from '../support/hostile-events.ts';
import { type HttpSinks, refused, startHttpSinks } from '../support/http-sinks.ts';
import { type Postgres, lacksPostgres, startPostgres } from '../support/postgres.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { type TestSshd, lacksSshd, startSshd } from '../support/sshd.ts';
import { type TestUnits, installSystemctl } from '../support/systemctl.ts';

const REGION = 'eu';
const UNIT = 'checkout.service';
const TIMEOUT_MS = 20_000;
/** Of an attempt: those of a stand-in are a second, which a busy machine needs for itself. */
const BOUNDS = { startToCloseTimeoutMs: 60_000, scheduleToCloseTimeoutMs: 60_000 };
const TOKENS = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/;

/** Refused at the edge, because only certain texts are possible there. */
const REFUSED: readonly Field[] = [
  'specversion',
  'time',
  'recordedtime',
  'partitionkey',
  'data/status',
  'data/time/occurred',
  'data/time/started',
  'data/time/ended',
  'data/time/received',
];
/** Ours to say, whatever the sender says. */
const REPLACED: readonly Field[] = ['data/raw/ref'];

/** One way out of Tocsin. Is given the texts as a stored event has them; fails when one of them is more than text there. */
type Sink = (texts: readonly string[], field: Field) => Promise<void>;

describe('what an event says is plain data wherever it goes', { skip: lacksSshd || lacksPostgres }, () => {
  let dir: string;
  let canary: string;
  let sshd: TestSshd;
  let units: TestUnits;
  let postgres: Postgres;
  let servers: TestServers;
  let log: EventLog;
  let requests: HttpSinks;
  const cells = new Set<string>();

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tocsin-injection-'));
    canary = join(dir, 'canary');
    [sshd, postgres, servers, requests] = await Promise.all([
      startSshd(dir),
      startPostgres(),
      startTestServers({ nats: true }),
      startHttpSinks(),
    ]);
    units = installSystemctl(sshd.bin, join(dir, 'units'));
    units.set(UNIT, 'active');
    const script = `#!${process.execPath}\nfor (const arg of process.argv.slice(2)) console.log(Buffer.from(arg).toString('hex'));\n`;
    writeFileSync(join(sshd.bin, 'show-args'), script);
    chmodSync(join(sshd.bin, 'show-args'), 0o755);
    log = await connectLog({ servers: servers.natsUrl, name: 'injection' });
    await log.ensureTopology(
      regionTopology(REGION, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 }).map((spec) => ({
        ...spec,
        maxBytes: 64 * 1_048_576,
      })),
      true,
    );
  });
  after(async () => {
    requests?.stop();
    await log?.close();
    await Promise.all([sshd?.kill(), postgres?.stop(), servers?.stopAll()]);
    rmSync(dir, { recursive: true, force: true });
  });

  /** As an attempt of an activity of this run. */
  const step = <T>(work: () => Promise<T>, id = 'restart-service/a#1'): Promise<T> =>
    new MockActivityEnvironment(
      { activityId: '7', workflowExecution: { workflowId: id, runId: 'r1' }, ...BOUNDS },
      { logger: new DefaultLogger('ERROR') },
    ).run<[], T, () => Promise<T>>(work);

  const ssh: Sink = async (texts) => {
    const run = (args: readonly string[]) =>
      sshd.ssh.run(sshd.host, { argv: ['show-args', ...args], timeoutMs: TIMEOUT_MS });
    const { stdout, stderr, exitCode } = await run(texts.filter(isWhole));
    assert.equal(exitCode, 0, stderr);
    const arrived = stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => Buffer.from(line, 'hex').toString());
    assert.deepEqual(arrived, texts.filter(isWhole));
    for (const text of texts.filter(hasNul)) await refused(run([text]), 'CommandRefused');
  };

  const systemd: Sink = async (texts) => {
    const on = createSystemd(sshd.ssh);
    const restart = (unit: string, observed: string, key?: string) =>
      step(() => on.restart({ host: sshd.host, unit }, observed, TIMEOUT_MS), key);
    for (const text of texts) await refused(restart(text, ''), 'UnitRefused');
    for (const text of texts.filter(hasNul)) await refused(restart(UNIT, text), 'CommandRefused');
    const all = texts.filter(isWhole).join(' ');
    assert.equal(await restart(UNIT, all), false, 'it is compared with the invocation that runs, and is another one');
    units.set(UNIT, 'active');
    const id = workflowId({
      stream: 'EVENTS_EU',
      trigger: 'restart-service',
      key: texts.join(' '),
      generation: 1,
      attempt: 1,
    });
    assert.equal(await restart(UNIT, `${UNIT}-0`, id), true);
    assert.deepEqual(units.read(UNIT).jobs, [{ verb: 'restart', from: `${UNIT}-0`, key: `${id}/r1/7` }]);
  };

  const sql: Sink = async (texts) => {
    const address = { name: 'shop', region: REGION, url: () => postgres.url('app'), tls: 'off' } as const;
    const whole = texts.filter(isWhole);
    const [row] = await withSession(address, (session) =>
      session.query(`select ${whole.map((_text, index) => `$${index + 1}::text as c${index}`).join(', ')}`, whole),
    );
    assert.deepEqual(Object.values(row ?? {}), whole);
    for (const text of texts.filter(hasNul))
      await refused(
        withSession(address, (session) => session.query('select $1::text', [text])),
        'PostgresRefused',
      );
    const target = { id: 'shop', kind: 'postgres', service: 'shop', region: REGION, labels: {}, provider: 'config' };
    const { terminateBackend } = createPostgresActivities({
      allowedTarget: () => target,
      databaseOf: createDatabases([address]),
    });
    const backend = (text: string) => ({ pid: 1, backendStart: text, xactStart: text });
    await Promise.all(
      texts.map((text) => refused(terminateBackend({ database: 'shop', backend: backend(text) }), 'PostgresRefused')),
    );
  };

  const logLine: Sink = async (texts, field) => {
    const file = join(dir, `${field.replaceAll('/', '.')}.log`);
    const logger = createLogger({ level: 'info', file });
    for (const text of texts) logRecord(logger, REGION, recordOf(text));
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    const read = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    assert.deepEqual(
      read.map(({ eventId, workflowId: id, trigger }) => [eventId, id, trigger]),
      texts.map((text) => [text, text, 'lab']),
    );
  };

  const subject: Sink = async (texts) => {
    for (const [index, text] of texts.entries()) {
      const name = ledgerSubject(REGION, text, index + 1);
      for (const each of [name, deadSubject(REGION, 1, text), ledgerSubject(text, text, 1)]) assert.match(each, TOKENS);
      const { sequence } = await log.publish(name, Buffer.from('{}'), { expectStream: ledgerStream(REGION) });
      assert.equal((await log.get(ledgerStream(REGION), sequence))?.subject, name);
    }
  };

  const SINKS: Readonly<Record<string, Sink>> = {
    ssh,
    systemd,
    http: (texts) => requests.monitoring(texts),
    'path, header and body': (texts) => requests.pathHeaderBody(texts),
    SQL: sql,
    'log line': logLine,
    subject,
  };

  /** What is stored of it, read back from the stream; null when the intake refuses it. */
  async function stored(field: Field, text: string): Promise<Record<string, unknown> | null> {
    const result = await accept(
      {
        sender: 'ce',
        headers: {},
        contentType: 'application/cloudevents+json',
        raw: Buffer.from(JSON.stringify(eventWith(field, text))),
        receivedAt: new Date().toISOString(),
      },
      cloudevents,
      { log, region: REGION, knownTypes: new Set(field === 'type' ? [text] : []) },
    );
    assert.equal(result.kind, 'read');
    if (result.kind !== 'read') return null;
    const [event] = result.stored;
    assert.equal(result.stored.length + result.rejected.length, 1);
    if (event === undefined) return null;
    const message = await log.get(event.ack.stream, event.ack.sequence);
    assert.match(message?.subject ?? '', TOKENS);
    return JSON.parse(Buffer.from(message?.data ?? []).toString()) as Record<string, unknown>;
  }

  it('the fields are those of the schemas', () =>
    assert.deepEqual(new Set(sampleFields().map(schemaFieldOf)), new Set(schemaFields())));

  for (const field of sampleFields())
    it(`${field} ${REFUSED.includes(field) ? 'is refused' : 'goes everywhere as text'}`, async () => {
      const texts = Object.entries(hostileTexts(canary));
      const events = await Promise.all(texts.map(([, text]) => stored(field, text)));
      if (REFUSED.includes(field)) {
        assert.deepEqual(
          events,
          events.map(() => null),
        );
      } else {
        const read = events.map((event) => textAt(event ?? assert.fail('it was refused'), field) as string);
        const expected = texts.map(([, text]) => text);
        if (REPLACED.includes(field))
          for (const [index, text] of read.entries()) assert.notEqual(text, expected[index]);
        else {
          assert.deepEqual(read, expected);
          for (const sink of Object.values(SINKS)) await sink(read, field);
        }
      }
      for (const [name] of texts) for (const sink of Object.keys(SINKS)) cells.add(`${field} | ${name} | ${sink}`);
    });

  it('no cell is missing, and nothing was done because of any', async () => {
    const all = sampleFields().flatMap((field) =>
      Object.keys(hostileTexts(canary)).flatMap((name) =>
        Object.keys(SINKS).map((sink) => `${field} | ${name} | ${sink}`),
      ),
    );
    assert.deepEqual([...cells].toSorted(), all.toSorted());
    assert.equal(existsSync(canary), false);
    const client = await postgres.open('app');
    assert.deepEqual((await client.query('select count(*)::int as count from stock')).rows, [{ count: 20 }]);
  });
});

const hasNul = (text: string): boolean => text.includes('\0');
const isWhole = (text: string): boolean => !hasNul(text);

function recordOf(text: string): Parameters<typeof logRecord>[2] {
  return {
    kind: 'event',
    position: { stream: 'EVENTS_EU', sequence: 1, storedAt: 0 },
    event: { id: text, type: text, source: text, alertKey: text, title: text, labels: { [text]: text } },
    episode: { effect: 'opened', generation: 1 },
    dispositions: [{ trigger: 'lab', kind: 'started', workflowId: text, runId: 'r1', generation: 1 }],
    triggerSet: 'set',
    recordedAt: '2026-01-01T00:00:00Z',
    recordedBy: 'test',
  };
}
