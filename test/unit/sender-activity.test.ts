import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSenderActivity, ratePerMinute } from '../../triggers/intake/sender-activity.ts';
import { Conflict, LogUnavailable } from '../../triggers/nats/errors.ts';
import type { EventLog } from '../../triggers/nats/port.ts';

const NOW = Date.parse('2026-06-01T12:00:30Z');

/** One record per subject, compare-and-set as the server does it. */
function memory(fail: () => Error | null = () => null) {
  const records = new Map<string, { data: Uint8Array; sequence: number }>();
  let sequence = 0;
  const publish: EventLog['publish'] = (subject, data, { expectLastSequence } = {}) => {
    const error = fail();
    if (error !== null) return Promise.reject(error);
    if ((records.get(subject)?.sequence ?? 0) !== expectLastSequence) return Promise.reject(new Conflict('lost'));
    records.set(subject, { data, sequence: (sequence += 1) });
    return Promise.resolve({ stream: 'KV', sequence, duplicate: false });
  };
  const last: EventLog['last'] = (stream, subject) => {
    const found = records.get(subject);
    return Promise.resolve(found === undefined ? null : { stream, subject, storedAt: 0, headers: {}, ...found });
  };
  return { publish, last };
}

describe('activity of senders', () => {
  it('counts of several intakes come together, the last problem beside them', async () => {
    const log = memory();
    const [one, two] = [
      createSenderActivity(log, 'eu', () => NOW),
      createSenderActivity(log, 'eu', () => NOW + 60_000),
    ];
    one.note('am', { kind: 'accepted' });
    one.note('am', { kind: 'accepted' });
    two.note('am', { kind: 'accepted' });
    two.note('am', { kind: 'unauthenticated', reason: 'not-authenticated' });
    await Promise.all([one.flush(), two.flush()]);
    const read = await one.read('am');
    assert.deepEqual([read.accepted, read.rejected, read.unauthenticated, read.comeAgain], [3, 0, 1, 0]);
    assert.equal(read.lastProblem?.reason, 'not-authenticated');
    assert.equal(read.minutes.length, 2);
    assert.equal((await one.read('other')).lastEventAt, null);
  });

  it('what could not be written is written the next time, once', async () => {
    let away = true;
    const activity = createSenderActivity(
      memory(() => (away ? new LogUnavailable('away') : null)),
      'eu',
      () => NOW,
    );
    activity.note('am', { kind: 'accepted' });
    await assert.rejects(activity.flush(), LogUnavailable);
    activity.note('am', { kind: 'accepted' });
    away = false;
    await activity.flush();
    await activity.flush();
    assert.equal((await activity.read('am')).accepted, 2);
  });

  it('one flush writes what it found, however many events come meanwhile', async () => {
    const log = memory();
    let written = 0;
    const activity = createSenderActivity(
      {
        ...log,
        publish: (...given) => {
          written += 1;
          if (written < 100) activity.note('am', { kind: 'accepted' });
          return log.publish(...given);
        },
      },
      'eu',
      () => NOW,
    );
    activity.note('am', { kind: 'accepted' });
    await activity.flush();
    assert.equal(written, 1);
    assert.equal((await activity.read('am')).accepted, 1);
    await activity.flush();
    assert.equal((await activity.read('am')).accepted, 2);
  });

  it('the rate is that of the last five minutes, and old minutes are forgotten', async () => {
    let now = NOW;
    const activity = createSenderActivity(memory(), 'eu', () => now);
    for (let minute = 0; minute < 30; minute += 1, now += 60_000)
      for (let event = 0; event < 10; event += 1) activity.note('am', { kind: 'accepted' });
    await activity.flush();
    const read = await activity.read('am');
    assert.deepEqual([read.accepted, read.minutes.length], [300, 15]);
    assert.equal(ratePerMinute(read, now - 60_000), 10);
    assert.equal(ratePerMinute(read, now + 240_000), 0);
  });
});
