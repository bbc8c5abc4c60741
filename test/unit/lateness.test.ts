import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Type } from 'typebox';
import type { Trigger } from '../../triggers/define-trigger.ts';
import type { EventOf } from '../../triggers/events/cloud-event.ts';
import { alertType, eventType } from '../../triggers/events/event-type.ts';
import { NO_CONTROL } from '../../triggers/path/control.ts';
import { plan } from '../../triggers/path/planner.ts';
import type { Later, PlanInput } from '../../triggers/path/plan.ts';
import { aheadMs } from '../../triggers/path/staleness.ts';
import { type AlertOptions, alertEvent, at as stored } from '../support/events.ts';

const MINUTE = 60_000;
/** Half past: alerts of these tests began on the hour. */
const STORED = Date.parse('2026-01-01T00:30:00Z');
const at = (sequence: number, afterMs = 0) => stored(sequence, STORED + afterMs);

const onAlert: Trigger = {
  id: 'restart',
  on: alertType('ServiceDown', Type.Object({ service: Type.String() })),
  run: 'restartService',
  input: () => ({}) as never,
};
const onEvent: Trigger = { ...onAlert, id: 'nightly', on: eventType('nightly', Type.Object({})) };

const happened = (time: string | null): EventOf<unknown> => ({
  specversion: '1.0',
  id: '1',
  source: 'test',
  type: 'nightly',
  ...(time === null ? {} : { time }),
  data: {},
});

const firing = (options: AlertOptions & { readonly occurred?: string } = {}): EventOf<unknown> => {
  const event = alertEvent('firing', options);
  const time = { ...event.data.time, ...(options.occurred === undefined ? {} : { occurred: options.occurred }) };
  return { ...event, data: { ...event.data, time } };
};

const resolveBehind: Later = { status: 'resolved', position: at(9, MINUTE) };
const firingBehind: Later = { status: 'firing', position: at(9, MINUTE) };

function outcome(
  event: EventOf<unknown>,
  waitedMs: number,
  trigger: Trigger,
  given: Partial<Pick<PlanInput, 'later' | 'handledAt'>> = {},
): string {
  const position = at(1);
  const planned = plan({
    event,
    position,
    asOf: position,
    triggers: [trigger],
    episode: null,
    handledAt: position.storedAt + waitedMs,
    control: NO_CONTROL,
    reorderBoundMs: 10_000,
    ...given,
  });
  const [start] = planned.starts;
  if (start !== undefined) return start.late ? 'late start' : 'start';
  const [settled] = planned.settled;
  return settled !== undefined && 'reason' in settled ? `${settled.kind}(${settled.reason})` : 'nothing';
}

const TABLE: readonly (readonly [expected: string, why: string, actual: () => string])[] = [
  ['start', 'an alert handled at once', () => outcome(firing(), 0, onAlert)],
  ['start', 'a quarter of an hour is waiting still', () => outcome(firing(), 15 * MINUTE, onAlert)],
  [
    'late start',
    'it waited too long, and is the last word about its alert',
    () => outcome(firing(), 16 * MINUTE, onAlert),
  ],
  [
    'ignored(folded)',
    'it waited too long, and its resolve is stored behind it',
    () => outcome(firing(), 16 * MINUTE, onAlert, { later: resolveBehind }),
  ],
  [
    'ignored(folded)',
    'it waited too long, and a newer firing is stored behind it',
    () => outcome(firing(), 16 * MINUTE, onAlert, { later: firingBehind }),
  ],
  [
    'start',
    'in time, whatever is stored behind it: its resolve will be told',
    () => outcome(firing(), MINUTE, onAlert, { later: resolveBehind }),
  ],
  ['held(stale)', 'too old to be verified from here', () => outcome(firing(), 121 * MINUTE, onAlert)],
  [
    'ignored(folded)',
    'too old, but what is newer decides',
    () => outcome(firing(), 121 * MINUTE, onAlert, { later: firingBehind }),
  ],
  [
    'start',
    'an alert that began days ago and is told again now counts by when it was told',
    () => outcome(firing({ started: '2025-12-25T00:00:00Z' }), MINUTE, onAlert),
  ],
  [
    'held(stale)',
    'a sender that says when it happened: hours before it arrived',
    () => outcome(firing({ occurred: '2025-12-31T22:00:00Z' }), MINUTE, onAlert),
  ],
  ['start', 'our clock is behind the stream’s', () => outcome(firing(), -10 * MINUTE, onAlert)],
  ['ignored(stale)', 'drop: waited too long', () => outcome(firing(), 16 * MINUTE, { ...onAlert, whenLate: 'drop' })],
  [
    'late start',
    'run: age does not count, its pace does',
    () => outcome(firing(), 600 * MINUTE, { ...onAlert, whenLate: 'run' }, { later: resolveBehind }),
  ],
  [
    'late start',
    'a trigger’s own bound on waiting',
    () => outcome(firing(), 2 * MINUTE, { ...onAlert, maxQueueAge: '1m' }),
  ],
  ['start', 'and a longer one', () => outcome(firing(), 90 * MINUTE, { ...onAlert, maxQueueAge: '100m' })],
  ['start', 'released by an operator: never late', () => outcome(firing(), 0, onAlert, { handledAt: null })],
  [
    'start',
    'a plain event has no newer state; waiting is no harm',
    () => outcome(happened(null), 60 * MINUTE, onEvent),
  ],
  ['ignored(stale)', 'a plain event that is too old is dropped', () => outcome(happened(null), 121 * MINUTE, onEvent)],
  ['ignored(stale)', 'by its own time as well', () => outcome(happened('2025-12-31T22:00:00Z'), MINUTE, onEvent)],
  [
    'held(stale)',
    'or kept for a human, where its trigger says so',
    () => outcome(happened(null), 121 * MINUTE, { ...onEvent, whenLate: 'verify' }),
  ],
  [
    'ignored(stale)',
    'a bound on waiting holds where it is set',
    () => outcome(happened(null), 2 * MINUTE, { ...onEvent, maxQueueAge: '1m' }),
  ],
];

describe('events that come late', () => {
  for (const [expected, why, actual] of TABLE) it(`${expected}: ${why}`, () => assert.equal(actual(), expected));
});

describe('a sender’s clock', () => {
  const ROWS: readonly (readonly [aheadSeconds: number, expected: number | null])[] = [
    [0, null],
    [120, null],
    [121, 121_000],
    [3_600, 3_600_000],
    [-7_200, null],
  ];
  for (const [seconds, expected] of ROWS)
    it(`${seconds} s ahead of the stream is ${expected === null ? 'believed' : 'flagged'}`, () => {
      const started = new Date(STORED + seconds * 1_000).toISOString();
      assert.equal(aheadMs(firing({ started }), at(1)), expected);
      assert.equal(aheadMs(happened(started), at(1)), expected);
    });

  it('that is an hour ahead in a resolve does not outrank the next firing', () => {
    const ended = new Date(STORED + 60 * MINUTE).toISOString();
    const resolved = plan({ ...question(alertEvent('resolved', { ended })), position: at(1), asOf: at(1) });
    const started = new Date(STORED + 5_000).toISOString();
    const next = plan({
      ...question(firing({ started })),
      position: at(2, 6_000),
      asOf: at(2, 6_000),
      episode: resolved.write,
    });
    assert.equal(next.starts.length, 1);
  });
});

const question = (event: EventOf<unknown>) => ({
  event,
  triggers: [onAlert],
  episode: null,
  handledAt: STORED,
  control: NO_CONTROL,
  reorderBoundMs: 10_000,
});
