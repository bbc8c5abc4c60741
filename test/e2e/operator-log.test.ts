/** The chain of what operators did, on a real stream: what was changed, removed or replaced shows. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { actsStream, actsSubject } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { encodeJson } from '../../triggers/path/json-bytes.ts';
import { type ActLine, type OperatorLog, createOperatorLog } from '../../triggers/path/operator-log.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';

describe('operator log', () => {
  let servers: TestServers;
  let log: EventLog;
  before(async () => {
    servers = await startTestServers({ nats: true });
    log = await connectLog({ servers: servers.natsUrl, name: 'test' });
  });
  after(async () => {
    await log?.close();
    await servers?.stopAll();
  });

  /** A chain of `lines` acts in a stream that, unlike the real one, lets messages be taken out. */
  const chain = async (region: string, lines: number): Promise<OperatorLog> => {
    const specs = regionTopology(region, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 });
    const acts = specs.filter(({ name }) => name === actsStream(region));
    await log.ensureTopology(
      acts.map((spec) => ({ ...spec, allowDelete: true })),
      true,
    );
    const operatorLog = createOperatorLog(log, region);
    for (let line = 1; line <= lines; line += 1)
      await operatorLog.append({
        at: '2026-01-01T00:00:00Z',
        by: 'ann',
        what: 'pause',
        on: `trigger ${line}`,
        why: '',
      });
    return operatorLog;
  };
  const kinds = async (operatorLog: OperatorLog): Promise<string[]> =>
    (await operatorLog.verify()).problems.map(({ kind }) => kind);

  it('is whole after many wrote at once', async () => {
    const operatorLog = await chain('many', 0);
    const others = Array.from({ length: 8 }, () => createOperatorLog(log, 'many'));
    await Promise.all(
      others.map((other, index) =>
        other.append({ at: '2026-01-01T00:00:00Z', by: `person ${index}`, what: 'pause', on: 'it', why: 'night' }),
      ),
    );
    const { lines, problems, head } = await operatorLog.verify();
    assert.deepEqual([lines, problems], [8, []]);
    const read: ActLine[] = [];
    for await (const line of operatorLog.read()) read.push(line);
    assert.deepEqual(
      read.map(({ index }) => index),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
    assert.equal(read.at(-1)?.hash, head);
  });

  it('is whole while it is empty', async () => {
    assert.deepEqual(await kinds(await chain('empty', 0)), []);
  });

  it('shows a line taken out of the middle', async () => {
    const operatorLog = await chain('middle', 5);
    await log.remove(actsStream('middle'), 3);
    assert.deepEqual(await kinds(operatorLog), ['missing']);
  });

  it('shows lines taken off the beginning', async () => {
    const operatorLog = await chain('beginning', 3);
    await log.remove(actsStream('beginning'), 1);
    assert.deepEqual(await kinds(operatorLog), ['missing']);
  });

  it('shows lines taken off the end', async () => {
    const operatorLog = await chain('end', 3);
    await log.remove(actsStream('end'), 3);
    assert.deepEqual(await kinds(operatorLog), ['cut-off']);
  });

  it('shows a line that was written otherwise, also with a new hash', async () => {
    const last = async (region: string): Promise<ActLine> =>
      JSON.parse(
        Buffer.from((await log.last(actsStream(region), actsSubject(region)))?.data ?? []).toString(),
      ) as ActLine;
    const kept = await chain('changed', 3);
    const third = await last('changed');
    await log.remove(actsStream('changed'), 3);
    await log.publish(actsSubject('changed'), encodeJson({ ...third, by: 'eve' }));
    assert.deepEqual(await kinds(kept), ['changed']);

    // Whoever can write may begin another chain; it does not follow the first.
    const forged = await chain('forged', 2);
    await chain('other', 2);
    await log.remove(actsStream('forged'), 2);
    await log.publish(actsSubject('forged'), encodeJson({ ...(await last('other')), previous: 'f'.repeat(64) }));
    assert.deepEqual(await kinds(forged), ['missing', 'changed']);
  });

  it('shows what is no line at all, and goes on behind it', async () => {
    const operatorLog = await chain('garbage', 2);
    await log.publish(actsSubject('garbage'), Buffer.from('{"index":"3"'));
    assert.deepEqual(await kinds(operatorLog), ['unreadable']);
  });
});
