/** What a run is told when it asks about a window, who may open it by hand, and what a worker refuses. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import type { ActivityExecuteInput } from '@temporalio/worker';
import { refuseLate } from '../../../activities/windows/refuse-late.ts';
import { jitterOf } from '../../../activities/windows/jitter.ts';
import { decideWindow } from '../../../activities/windows/window-decisions.ts';
import { openZoneData } from '../../../activities/calendar/zone-data.ts';
import { createWindows } from '../../../activities/windows/windows.ts';
import { type WindowRequest, WINDOW_HEADER } from '../../../workflows/kit/window-message.ts';
import { lastStart } from '../../../workflows/kit/window-options.ts';

const data = openZoneData();
const windows = createWindows(
  { windows: { night: { times: ['22:00-04:00'], zone: 'Europe/Berlin' } } },
  () => data,
  () => undefined,
);
const MINUTE = 60_000;
const at = (text: string): number => Date.parse(text);
const NOON = at('2026-11-24T12:00:00Z');
const OPENS = at('2026-11-24T21:00:00Z');
const ask = (more: Partial<WindowRequest>, clock?: () => number, runId = 'run') =>
  decideWindow(
    { use: 'night', region: 'eu', needMs: 0, jitterMs: 0, at: NOON, override: null, ...more },
    { windows, keys: () => [], ...(clock === undefined ? {} : { clock }) },
    { workflowId: 'w', runId },
  );

describe('a run that asks about a window', () => {
  it('is told when it opens, until when it is open, with the release of the zone data', () => {
    const closed = ask({});
    assert.deepEqual([closed.kind, 'until' in closed && closed.until, closed.tz], ['wait', OPENS, data.tzdb]);
    const open = ask({ at: OPENS });
    assert.deepEqual([open.kind, 'closesAt' in open && open.closesAt], ['open', at('2026-11-25T03:00:00Z')]);
    assert.equal(ask({ needMs: 8 * 60 * MINUTE }).kind, 'never');
    assert.equal(ask({ use: 'other' }).kind, 'doubt');
  });

  it('is spread over the jitter, the same each time it asks, and never beyond what it needs', () => {
    const begins = (runId: string, needMs = 0): number => {
      const decision = ask({ jitterMs: 15 * MINUTE, needMs }, undefined, runId);
      return decision.kind === 'wait' ? decision.until - OPENS : assert.fail(decision.kind);
    };
    const all = Array.from({ length: 200 }, (_, index) => begins(`run ${index}`));
    assert.ok(all.every((ms) => ms >= 0 && ms < 15 * MINUTE));
    assert.ok(new Set(all.map((ms) => Math.floor(ms / MINUTE))).size > 12);
    assert.equal(begins('a'), begins('a'));
    assert.ok(begins('a', 360 * MINUTE) === 0);
    assert.equal(jitterOf('x', MINUTE, -1), 0);
  });

  for (const [name, off] of [
    ['an hour ahead', 60 * MINUTE],
    ['an hour behind', -60 * MINUTE],
    ['three days ahead', 4_320 * MINUTE],
    ['three days behind', -4_320 * MINUTE],
  ] as const)
    it(`gets no opening from a host whose clock is ${name}`, () => {
      const decision = ask({ at: OPENS }, () => OPENS + off);
      assert.equal(decision.kind, 'doubt');
      assert.match(decision.why, /clock of this host is \d+ min (ahead of|behind) that of the Temporal server/);
      assert.equal(ask({ at: OPENS }, () => OPENS + MINUTE).kind, 'open');
    });
});

describe('an effect within a window', () => {
  const end = 1_000_000;
  const ROWS = [
    [undefined, end, 'no effect begins after the cut-off, by default'],
    ['finish', end, 'nor by name'],
    ['carryOver', end - 10_000, 'it has to end in time'],
    ['cancel', end, 'until it is cancelled'],
  ] as const;
  for (const [onCutoff, last, why] of ROWS)
    it(`may begin in time, with ${onCutoff ?? 'nothing said'}: ${why}`, () =>
      assert.equal(lastStart({ needMs: 10_000, ...(onCutoff === undefined ? {} : { onCutoff }) }, end), last));

  it('is refused by its worker when it comes too late, and nothing of it begins', async () => {
    let ran = 0;
    const run = async (
      headers: ActivityExecuteInput['headers'],
      now: number,
      attempt = 1,
      scheduled = now,
    ): Promise<unknown> => {
      const { inbound } = refuseLate(
        () => now,
        () => 0,
      )({
        info: { attempt, currentAttemptScheduledTimestampMs: scheduled },
      } as never);
      return inbound?.execute?.({ args: [], headers }, async () => (ran += 1));
    };
    const header = { [WINDOW_HEADER]: defaultPayloadConverter.toPayload(end) };
    await run({}, end + 999_999);
    await run(header, end);
    await run(header, end + 5_000);
    assert.equal(ran, 3);
    for (const [attempt, untouched] of [
      [1, true],
      [2, false],
    ] as const)
      await assert.rejects(run(header, end + 5_001, attempt), (error) => {
        assert.ok(error instanceof ApplicationFailure);
        assert.deepEqual([error.type, error.nonRetryable, error.details], ['WindowClosed', true, [untouched]]);
        return true;
      });
    await assert.rejects(run(header, end - 86_400_000, 1, end + 5_001), /is refused/, 'a host a day behind the server');
    assert.equal(ran, 3);
  });

  it('is refused by a worker whose clock is a day behind, when other tasks have told how late it is', async () => {
    let since = 0;
    let ran = 0;
    const factory = refuseLate(
      () => end - 86_400_000 + since,
      () => since,
    );
    const run = async (scheduled: number, notAfter = end): Promise<unknown> => {
      const { inbound } = factory({ info: { attempt: 1, currentAttemptScheduledTimestampMs: scheduled } } as never);
      const headers = { [WINDOW_HEADER]: defaultPayloadConverter.toPayload(notAfter) };
      return inbound?.execute?.({ args: [], headers }, async () => (ran += 1));
    };
    await run(end - 60_000);
    since = 65_000;
    await run(end - 60_000);
    since = 65_001;
    await assert.rejects(run(end - 60_000), /is refused/, 'it lay in the queue for longer than its window was open');
    await run(end + 60_000, end + 120_000);
    await assert.rejects(run(end - 60_000, end + 50_000), /is refused/);
    assert.equal(ran, 3);
  });
});
