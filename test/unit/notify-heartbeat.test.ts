import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { pino } from 'pino';
import { createHeartbeat } from '../../workers/notify/heartbeat.ts';
import { manualClock } from '../support/manual-clock.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const silent = pino({ level: 'silent' });

async function receiverOf(test: TestContext): Promise<Receiver> {
  const receiver = await startReceiver();
  test.after(() => receiver.close());
  return receiver;
}

describe('heartbeat', () => {
  it('beats while we are healthy and only then, and says once why it does not', async (t) => {
    const receiver = await receiverOf(t);
    const clock = manualClock();
    const lines: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    let healthy: () => Promise<boolean> = async () => true;
    const heartbeat = createHeartbeat({ url: receiver.url, everyMs: 60_000, healthy: () => healthy(), logger, clock });
    t.after(() => heartbeat.close());
    const beaten = () =>
      until('the next beat is waited for', () => clock.pauses().includes(60_000) && clock.pauses().length === 1);
    const after = async (minutes: number): Promise<number> => {
      for (let minute = 0; minute < minutes; minute += 1) {
        await clock.advance(60_000);
        await beaten();
      }
      return receiver.requests.length;
    };
    await beaten();
    assert.equal(receiver.requests[0]?.method, 'GET');
    assert.equal(await after(2), 3);
    healthy = async () => false;
    assert.equal(await after(3), 3);
    healthy = () => Promise.reject(new Error('unknown'));
    assert.equal(await after(1), 3);
    healthy = async () => true;
    assert.equal(await after(1), 4);
    receiver.answer = (response) => response.writeHead(500).end();
    assert.equal(await after(2), 6);
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { msg: string; why?: string }).why ?? 'again'),
      ['not healthy', 'again', 'answered 500'],
    );
    assert.doesNotMatch(lines.join(''), /secret-path/);
  });

  it('closing ends it in the middle of a beat that hangs', async (t) => {
    const receiver = await receiverOf(t);
    receiver.answer = () => undefined;
    const heartbeat = createHeartbeat({
      url: receiver.url,
      everyMs: 60_000,
      healthy: async () => true,
      logger: silent,
    });
    await until('the beat is on its way', () => receiver.requests.length === 1);
    await heartbeat.close();
  });
});
