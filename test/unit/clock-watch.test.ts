import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { createClockWatch } from '../../triggers/path/clock-watch.ts';
import { createComparedClock } from '../../triggers/path/compared-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const OPEN = { open: true, opensAt: null, why: 'open for the next 400 days' };
const START = Date.parse('2026-11-24T10:00:00Z');

/** A host whose clock is wrong by `aheadMs`, beside a NATS server that is right. */
function host(aheadMs = 0) {
  const time = { sinceStart: 0, aheadMs, reachable: true, tells: true };
  const now = (): number => START + time.sinceStart + time.aheadMs;
  const said: string[] = [];
  const options = {
    log: {
      serverState: () =>
        time.reachable
          ? Promise.resolve({ version: '2.14.0', clockAheadMs: time.tells ? -time.aheadMs : null, roundTripMs: 1 })
          : Promise.reject(new Error('no responders')),
    },
    stream: 'EVENTS_EU',
    logger: pino({}, { write: (line) => void said.push((JSON.parse(line) as { msg: string }).msg) }),
    now,
    monotonic: () => 5_000 + time.sinceStart,
  };
  const watch = createClockWatch({ ...options, windows: { at: () => OPEN } });
  const clock = createComparedClock({ ...options, consequence: 'judged by the server' });
  return { time, said, watch, clock, at: () => watch.windows.at('nights', 'eu', now()) };
}

describe('windows by the clock of a host', () => {
  for (const [why, aheadMs, open] of [
    ['it is right', 0, true],
    ['it is as far off as NTP lets it be in a bad hour', 4 * MINUTE, true],
    ['it is an hour ahead', HOUR, false],
    ['it is an hour behind: a zone set instead of the time', -HOUR, false],
    ['it is three days ahead', 3 * DAY, false],
    ['it is three days behind', -3 * DAY, false],
  ] as const)
    it(`are ${open ? 'what the calendar says' : 'closed by doubt'} when ${why}`, async () => {
      const { watch, at } = host(aheadMs);
      await watch.compare();
      assert.equal(at().open, open);
      if (!open)
        assert.match(
          at().why,
          /^closed by doubt: the clock of this host is \d+ min (ahead of|behind) that of the NATS server; one of them is wrong$/,
        );
    });

  for (const jump of [HOUR, -HOUR, 3 * DAY, -3 * DAY])
    it(`are closed at once when it jumps by ${jump / HOUR} h, and open again when it jumps back`, async () => {
      const { time, watch, at } = host();
      await watch.compare();
      time.sinceStart += 1_000;
      assert.equal(at().open, true);
      time.aheadMs = jump;
      assert.match(at().why, /^closed by doubt: the clock of this host is/);
      await watch.compare();
      assert.equal(at().open, false, 'also by the next comparison');
      time.aheadMs = 0;
      assert.equal(at().open, true, 'without waiting for another');
    });

  it('are closed while nothing is known of the server: before the first comparison, ten minutes without one, or from an old server', async () => {
    const { time, watch, at } = host();
    const unknown = 'closed by doubt: the clock of this host could not be compared with that of the NATS server';
    assert.equal(at().why, unknown);
    await watch.compare();
    time.reachable = false;
    time.sinceStart = 10 * MINUTE;
    await watch.compare();
    assert.equal(at().open, true);
    time.sinceStart += 1;
    assert.equal(at().why, unknown);
    Object.assign(time, { reachable: true, tells: false });
    await watch.compare();
    assert.match(at().why, /does not tell its time/);
  });
});

describe('the clock of a host beside the server', () => {
  it('is gone by while it is right, and else that of the server', async () => {
    const { time, clock } = host(4 * MINUTE);
    const now = (): number => clock.now() - START - time.sinceStart;
    assert.equal(now(), 4 * MINUTE, 'nothing is known yet');
    await clock.compare();
    assert.equal(now(), 4 * MINUTE, 'near enough');
    for (const aheadMs of [HOUR, -HOUR, 3 * DAY, -3 * DAY]) {
      time.aheadMs = aheadMs;
      await clock.compare();
      assert.equal(now(), 0);
    }
    // Also while the server cannot be asked, however long.
    time.reachable = false;
    time.sinceStart += HOUR;
    await clock.compare();
    assert.equal(now(), 0);
    assert.notEqual(clock.doubt(), null);
  });

  it('of two that differ, only what is ahead of both is of the future', async () => {
    const { time, clock } = host();
    for (const aheadMs of [0, HOUR, -HOUR, 3 * DAY, -3 * DAY]) {
      time.aheadMs = aheadMs;
      await clock.compare();
      assert.equal(clock.latest(), START + Math.max(0, aheadMs));
      assert.equal(clock.earliest(), START + Math.min(0, aheadMs));
    }
  });

  it('is gone by after a jump until it is compared: a host that slept woke up to the right time', async () => {
    const { time, clock } = host();
    await clock.compare();
    // The time that runs monotonically stood still meanwhile.
    time.aheadMs = 2 * HOUR;
    assert.equal(clock.now(), START + 2 * HOUR);
    assert.notEqual(clock.doubt(), null);
  });

  it('that is wrong from the start is told in the log', async () => {
    const { said, clock } = host(-3 * DAY);
    await clock.start();
    await clock.close();
    assert.deepEqual(said, [
      'judged by the server: the clock of this host is 4320 min behind that of the NATS server; one of them is wrong',
    ]);
  });
});
