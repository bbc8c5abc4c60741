/**
 * The 24 classes of bad input at every entry: the webhook of each kind of sender, NATS in both modes, the command line. Each cell is a
 * 4xx or a dead letter with a stable reason, or an event that the consumer can read; the request behind it is stored as if nothing was.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isObject } from '../../triggers/sources/read.ts';
import { LogRefused } from '../../triggers/nats/errors.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream, eventSubject } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { decode } from '../../triggers/path/decode.ts';
import { createGeneric } from '../../triggers/sources/generic.ts';
import { sources } from '../../triggers/sources/index.ts';
import { cli } from '../support/cli.ts';
import { GOOD_REQUESTS, type GoodRequest, nameOfRequest } from '../support/good-requests.ts';
import { type TestIntake, startIntake } from '../support/intake.ts';
import { MALFORMED, MALFORMED_MAX_BYTES, type MalformedClass } from '../support/malformed.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { KNOWN_TYPES, REGION, readRequest } from '../support/read-request.ts';
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
      const decoded = stored === null ? null : decode(stored, KNOWN_TYPES);
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
        const { status, body: answer } = await post(body, headers);
        const reason = answer.error?.reason ?? answer.rejected?.map((one) => one.reason).join(',') ?? '';
        const where = `${each.name}: ${status} ${JSON.stringify(answer).slice(0, 300)}`;
        assert.ok(
          status === 200 || status === 202 || (status >= 400 && status < 500 && /^[a-z0-9-]+$/.test(reason)),
          where,
        );
        if (each.unreadable && !isReadable(request, each)) assert.ok(status >= 400, where);
        await readableSince(lastSequence);
        note(
          nameOfRequest(request),
          status < 300 ? `${status} ${answer.accepted ?? 'control'}` : `${status} ${reason}`,
        );
        const neighbour = await post(good);
        assert.deepEqual([neighbour.status, neighbour.body.accepted], [202, 1], `after ${each.name}`);
      }
    });

  for (const mode of ['structured', 'binary'] as const)
    it(`NATS, ${mode} mode`, async () => {
      const [stored] = (await readRequest(sourceOf(GOOD_REQUESTS[0] ?? assert.fail()), alertmanagerPayload('firing')))
        .publications;
      const event = JSON.parse(Buffer.from(stored?.data ?? []).toString()) as Record<string, unknown>;
      const { data, ...attributes } = event;
      const scalars = Object.entries(attributes).filter(
        ([name, value]) => name !== 'datacontenttype' && !isObject(value),
      );
      const ce = Object.fromEntries(scalars.map(([name, value]) => [`ce-${name}`, encodeURIComponent(String(value))]));
      const headers = mode === 'binary' ? { ...ce, 'content-type': 'application/json' } : {};
      for (const each of MALFORMED) {
        const { body } = each.make(mode === 'binary' ? data : event);
        note(`NATS ${mode}`, await published(body, headers, each));
      }
    });

  async function published(
    body: Uint8Array,
    headers: Record<string, string>,
    { unreadable, name }: MalformedClass,
  ): Promise<string> {
    try {
      const { sequence } = await log.publish(eventSubject(REGION, 'normal', 'test', 'x'), body, { headers });
      const found = await log.get(eventStream(REGION), sequence);
      assert.ok(found);
      const decoded = decode(found, KNOWN_TYPES);
      if (decoded.ok) assert.ok(!unreadable, name);
      else assert.match(decoded.reason, /^[a-z0-9-]+$/);
      return decoded.ok ? 'read' : `dead ${decoded.reason}`;
    } catch (error) {
      // Larger than a message may be: its publisher is told.
      assert.ok(error instanceof LogRefused, String(error));
      return 'refused by the stream';
    }
  }

  it('command line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-malformed-'));
    try {
      const files = MALFORMED.map(({ make }, index) => {
        const file = join(folder, `${index}.json`);
        writeFileSync(file, make(GOOD_REQUESTS[0]?.body).body);
        return file;
      });
      const env = { ...process.env, NATS_URL: servers.natsUrl };
      const { code, json } = await cli(env, '--json', 'detect', ...files);
      assert.equal(code, 0);
      for (const { events, rejected } of json as { events: unknown[]; rejected: { reason: string }[] }[])
        note('tocsin detect', rejected.length > 0 ? (rejected[0]?.reason ?? '') : `${events.length} events`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('what `tocsin emit` reads, by the function that it hands a file to', async () => {
    const [alertmanager] = GOOD_REQUESTS;
    assert.ok(alertmanager);
    for (const { make, unreadable, name } of MALFORMED) {
      const { stored, rejected } = await readRequest(sourceOf(alertmanager), make(alertmanager.body).body);
      assert.ok(stored.length > 0 || rejected.length > 0, name);
      assert.ok(!unreadable || stored.length === 0, name);
      note('tocsin emit', stored.length > 0 ? 'stored' : (rejected[0]?.reason ?? ''));
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
