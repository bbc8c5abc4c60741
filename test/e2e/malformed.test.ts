/**
 * The 24 classes of bad input at every entry: the webhook of each kind of sender, NATS in both modes, the command line. Each cell is a
 * 4xx or a dead letter with a reason of its class, or an event that the consumer can read, and never silence; the request behind it is
 * stored as if nothing was.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LogRefused } from '../../triggers/nats/errors.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream, eventSubject } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { decode } from '../../triggers/path/decode.ts';
import { detect } from '../../triggers/sources/detect.ts';
import { createGeneric } from '../../triggers/sources/generic.ts';
import { sources } from '../../triggers/sources/index.ts';
import { cli } from '../support/cli.ts';
import { GOOD_REQUESTS, type GoodRequest, nameOfRequest } from '../support/good-requests.ts';
import { type Answer, type TestIntake, startIntake } from '../support/intake.ts';
import {
  LARGER_THAN_A_MESSAGE,
  MALFORMED,
  MALFORMED_MAX_BYTES,
  type Malformed,
  type MalformedClass,
  malformedMessage,
} from '../support/malformed.ts';
import { KNOWN_TYPES, RECEIVED, REGION, readRequest } from '../support/read-request.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';

const generic = createGeneric({
  key: ['/id'],
  status: { at: '/state', firing: ['firing'] },
  time: { at: '/at', unit: 'rfc3339' },
});
const sourceOf = ({ kind }: GoodRequest) => (kind === 'generic' ? generic : sources.get(kind)) ?? assert.fail(kind);
const senderName = (request: GoodRequest): string => nameOfRequest(request).replaceAll(' ', '-');
/** In binary mode the body is the data alone: nothing, or any JSON. */
const isReadable = (request: GoodRequest, { name }: MalformedClass): boolean =>
  request.variant === 'binary' && (name === 'empty' || name === 'scalar at the top');

/** Of one reason or more, each one that its class may have. */
function assertReasons({ name, reasons }: MalformedClass, given: readonly string[], where: string): void {
  assert.ok(given.length > 0, `${name}: nothing is said of it: ${where}`);
  for (const reason of given) assert.ok(reasons.includes(reason), `${name}: ${reason}: ${where}`);
}

/** What the matrix says of an answer; fails when something came of which nothing is said. */
function cellOf(request: GoodRequest, each: MalformedClass, { status, body }: Answer): string {
  const where = `${nameOfRequest(request)}: ${status} ${JSON.stringify(body).slice(0, 300)}`;
  const reasons = [
    ...(body.error === undefined ? [] : [body.error.reason]),
    ...(body.rejected ?? []).map(({ reason }) => reason),
  ];
  if (status >= 400) {
    assert.ok(status < 500, where);
    assertReasons(each, reasons, where);
    return `${status} ${reasons[0] ?? ''}`;
  }
  assert.ok(status === 200 || status === 202, where);
  assert.ok(!each.unreadable || isReadable(request, each), where);
  // None of the classes is a message about the delivery, so none may be answered as one.
  assert.ok(body.accepted !== undefined, where);
  if (body.accepted === 0 || reasons.length > 0) assertReasons(each, reasons, where);
  return `${status} ${body.accepted}`;
}

describe('malformed input', () => {
  let servers: TestServers;
  let log: EventLog;
  let intake: TestIntake;
  const rows = new Map<string, string[]>();
  const prototype = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));
  const note = (entry: string, cell: string): void => {
    assert.notEqual(cell, '');
    rows.set(entry, [...(rows.get(entry) ?? []), cell]);
    assert.equal(JSON.stringify(Object.getOwnPropertyNames(Object.prototype)), prototype);
  };
  const stops: (() => Promise<unknown>)[] = [];
  before(async () => {
    servers = await startTestServers({ nats: true });
    log = await connectLog({ servers: servers.natsUrl, name: 'test' });
    await log.ensureTopology(regionTopology(REGION, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 }), true);
    const senders = GOOD_REQUESTS.map((request) => ({
      name: senderName(request),
      source: sourceOf(request),
      auth: { kind: 'none' } as const,
    }));
    const limits = { maxBodyBytes: MALFORMED_MAX_BYTES, bodyTimeoutMs: 60_000, maxConcurrent: 64 };
    intake = await startIntake({ after: (stop: () => Promise<unknown>) => void stops.push(stop) } as never, log, {
      senders,
      limits,
    });
  });
  after(async () => {
    for (const stop of stops) await stop();
    await log.close();
    await servers.stopAll();
  });

  /** Everything stored since can be read by the consumer. */
  const readableSince = async (sequence: number): Promise<void> => {
    const { lastSequence } = await log.streamState(eventStream(REGION));
    for (let at = sequence + 1; at <= lastSequence; at += 1) {
      const stored = await log.get(eventStream(REGION), at);
      const decoded = stored === null ? null : decode(stored, KNOWN_TYPES, stored.storedAt);
      assert.ok(decoded?.ok, decoded?.ok === false ? `${decoded.reason}: ${decoded.message}` : 'nothing is stored');
    }
  };

  for (const request of GOOD_REQUESTS)
    it(`webhook of ${nameOfRequest(request)}`, async () => {
      const post = (body: Uint8Array, headers = {}) =>
        intake.post(senderName(request), body, { 'content-type': request.contentType, ...request.headers, ...headers });
      const good = Buffer.from(JSON.stringify(request.body));
      for (const each of MALFORMED) {
        const { lastSequence } = await log.streamState(eventStream(REGION));
        const { body, headers } = each.make(request.body);
        note(nameOfRequest(request), cellOf(request, each, await post(body, headers)));
        await readableSince(lastSequence);
        const neighbour = await post(good);
        assert.deepEqual([neighbour.status, neighbour.body.accepted], [202, 1], `after ${each.name}`);
      }
    });

  for (const mode of ['structured', 'binary'] as const)
    it(`NATS, ${mode} mode`, async () => {
      for (const each of MALFORMED) note(`NATS ${mode}`, await published(malformedMessage(each, mode), each));
    });

  async function published({ body, headers }: Malformed, each: MalformedClass): Promise<string> {
    try {
      const { sequence } = await log.publish(eventSubject(REGION, 'normal', 'test', 'x'), body, { headers });
      const found = await log.get(eventStream(REGION), sequence);
      assert.ok(found);
      const decoded = decode(found, KNOWN_TYPES, found.storedAt);
      if (decoded.ok) assert.ok(!each.unreadable, each.name);
      else assertReasons(each, [decoded.reason], decoded.message);
      return decoded.ok ? 'read' : `dead ${decoded.reason}`;
    } catch (error) {
      // Larger than a message may be: its publisher is told.
      assert.ok(error instanceof LogRefused, String(error));
      assertReasons(each, [LARGER_THAN_A_MESSAGE], error.message);
      return 'refused by the stream';
    }
  }

  it('command line: a good file behind each bad one is read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-malformed-'));
    try {
      const files = MALFORMED.flatMap(({ make }, index) => {
        const pair = [join(folder, `${index}-bad.json`), join(folder, `${index}-good.json`)] as const;
        writeFileSync(pair[0], make(GOOD_REQUESTS[0]?.body).body);
        writeFileSync(pair[1], JSON.stringify(GOOD_REQUESTS[0]?.body));
        return pair;
      });
      const env = { ...process.env, NATS_URL: servers.natsUrl };
      const { code, json } = await cli(env, '--json', 'detect', ...files);
      assert.equal(code, 0);
      const answers = json as { events: unknown[]; rejected: { reason: string }[] }[];
      assert.equal(answers.length, files.length);
      for (const [index, each] of MALFORMED.entries()) {
        const [bad, good] = answers.slice(2 * index, 2 * index + 2);
        assert.ok(bad && good);
        assert.deepEqual([good.events.length, good.rejected], [1, []], `after ${each.name}`);
        const reasons = bad.rejected.map(({ reason }) => reason);
        if (bad.events.length === 0 || reasons.length > 0) assertReasons(each, reasons, 'tocsin detect');
        assert.ok(bad.events.length === 0 || !each.unreadable, each.name);
        note('tocsin detect', reasons[0] ?? `${bad.events.length} events`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('what `tocsin detect` says of those of every kind, by the function that it hands a file to', () => {
    for (const request of GOOD_REQUESTS)
      for (const each of MALFORMED) {
        const { body, headers } = each.make(request.body);
        const given = { 'content-type': request.contentType, ...request.headers, ...headers };
        const { events, rejected } = detect(body, given, RECEIVED);
        // Without its address not every payload says whose it is, so the reasons are not always those of the webhook.
        assert.ok(
          events.length + rejected.length > 0,
          `${each.name}: nothing is said of it: ${nameOfRequest(request)}`,
        );
        assert.ok(events.length === 0 || !each.unreadable || isReadable(request, each), each.name);
      }
  });

  it('what `tocsin emit` reads, by the function that it hands a file to', async () => {
    const [alertmanager] = GOOD_REQUESTS;
    assert.ok(alertmanager);
    for (const each of MALFORMED) {
      const { stored, rejected } = await readRequest(sourceOf(alertmanager), each.make(alertmanager.body).body);
      const reasons = rejected.map(({ reason }) => reason);
      if (stored.length === 0 || reasons.length > 0) assertReasons(each, reasons, 'tocsin emit');
      assert.ok(!each.unreadable || stored.length === 0, each.name);
      note('tocsin emit', stored.length > 0 ? 'stored' : (reasons[0] ?? ''));
      const neighbour = await readRequest(sourceOf(alertmanager), alertmanager.body);
      assert.deepEqual([neighbour.stored.length, neighbour.rejected], [1, []], `after ${each.name}`);
    }
  });

  it('no cell is empty', (t) => {
    const entries = [
      ...GOOD_REQUESTS.map(nameOfRequest),
      'NATS structured',
      'NATS binary',
      'tocsin detect',
      'tocsin emit',
    ];
    const kinds = new Set(GOOD_REQUESTS.map(({ kind }) => kind));
    assert.deepEqual(
      [...sources.keys()].filter((kind) => !kinds.has(kind)),
      [],
    );
    for (const [index, { name }] of MALFORMED.entries()) {
      t.diagnostic(name);
      for (const entry of entries) {
        const cell = rows.get(entry)?.[index] ?? '';
        t.diagnostic(`    ${entry.padEnd(24)} ${cell}`);
        assert.notEqual(cell, '', `${name} at ${entry}`);
      }
    }
    assert.equal(MALFORMED.length, 24);
  });
});
