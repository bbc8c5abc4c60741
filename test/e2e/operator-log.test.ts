import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { actStream, actSubject } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { type OperatorLog, createOperatorLog } from '../../triggers/path/operator-log.ts';
import { useLog } from '../support/events-log.ts';

const act = (what: string) => ({ by: 'ann@laptop', what, where: 'trigger restart-service', why: 'first week' });

describe('the log of acts', () => {
  const on = useLog();
  /** A chain of three lines, in a stream that an attacker may change. */
  const chain = async (region: string, allowDelete = true): Promise<OperatorLog> => {
    const specs = regionTopology(region, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 });
    const acts = specs
      .filter(({ name }) => name === actStream(region))
      .map((spec) => ({ ...spec, allowDelete, maxBytes: 1_048_576 }));
    await on.log.ensureTopology(acts, true);
    const log = createOperatorLog(on.log, region);
    for (const what of ['mode observe', 'pause', 'resume']) await log.append(act(what));
    return log;
  };
  /** Puts stored bytes back in another order or form, past the last line. */
  const rewrite = async (region: string, sequence: number, change: (text: string) => string): Promise<void> => {
    const stored = await on.log.get(actStream(region), sequence);
    await on.log.publish(actSubject(region), Buffer.from(change(Buffer.from(stored?.data ?? []).toString())));
  };

  it('tells who did what, and is whole', async () => {
    const log = await chain('whole');
    const lines = [];
    for await (const line of log.read()) lines.push(`${line.number} ${line.by} ${line.what}`);
    assert.deepEqual(lines, ['1 ann@laptop mode observe', '2 ann@laptop pause', '3 ann@laptop resume']);
    const { head, problems } = await log.verify();
    assert.deepEqual(problems, []);
    await log.append(act('discard'));
    assert.deepEqual((await log.verify(head)).problems, []);
  });

  it('does not fork when many write at once', async () => {
    const log = await chain('crowd');
    await Promise.all(Array.from({ length: 8 }, (_, index) => log.append(act(`act ${index}`))));
    const { lines, problems } = await log.verify();
    assert.deepEqual([lines, problems], [11, []]);
  });

  it('finds a line that was taken out', async () => {
    const log = await chain('missing');
    await on.log.remove(actStream('missing'), 2);
    assert.deepEqual((await log.verify()).problems, [
      'ACTS_MISSING #2 is missing',
      'ACTS_MISSING #3 does not follow the line before it',
    ]);
  });

  it('finds that the beginning or the end was cut off', async () => {
    const [first, last] = [await chain('beginning'), await chain('ending')];
    await on.log.remove(actStream('beginning'), 1);
    assert.match((await first.verify()).problems[0] ?? '', /#1 is missing/);
    await on.log.remove(actStream('ending'), 3);
    assert.deepEqual((await last.verify()).problems, ['ACTS_ENDING #3 is missing']);
  });

  it('finds a line that was changed, and one that was moved', async () => {
    const [changed, moved] = [await chain('changed'), await chain('moved')];
    await rewrite('changed', 3, (text) => text.replace('ann@laptop', 'bob@laptop'));
    await on.log.remove(actStream('changed'), 3);
    assert.ok((await changed.verify()).problems.some((problem) => problem.includes('#4 was changed')));
    await rewrite('moved', 2, (text) => text);
    await on.log.remove(actStream('moved'), 2);
    assert.ok((await moved.verify()).problems.some((problem) => problem.includes('#4 does not follow')));
  });

  it('finds what is no line, and goes on behind it', async () => {
    const log = await chain('garbage');
    await on.log.publish(actSubject('garbage'), Buffer.from('not a line'));
    await log.append(act('resume'));
    assert.deepEqual((await log.verify()).problems, ['ACTS_GARBAGE #4 is no line of the log']);
  });

  it('finds a chain that was made anew, by a head that was kept elsewhere', async () => {
    const { head } = await (await chain('old')).verify();
    const log = await chain('new');
    assert.deepEqual((await log.verify()).problems, []);
    assert.match((await log.verify(head)).problems[0] ?? '', /does not contain the head/);
  });

  it('lets nobody delete a line, in the stream as it is made', async () => {
    await chain('real', false);
    await assert.rejects(on.log.remove(actStream('real'), 1), /not permitted/);
    assert.notEqual(await on.log.get(actStream('real'), 1), null);
  });
});
