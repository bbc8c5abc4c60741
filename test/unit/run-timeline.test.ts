import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { HistoryEvent } from '../../workers/history-text.ts';
import { type Timeline, timelineOf } from '../../workers/run-timeline.ts';

const recorded = (name: string): Timeline => {
  const file = join(import.meta.dirname, `../histories/restartService-${name}.json`);
  return timelineOf((historyFromJSON(JSON.parse(readFileSync(file, 'utf8'))).events ?? []) as HistoryEvent[]);
};
const steps = ({ entries }: Timeline) => entries.filter(({ kind }) => kind === 'step' || kind === 'end');

describe('timeline of a run', () => {
  it('tells a run that went well as its steps, in their order, with the input', () => {
    const timeline = recorded('restarted');
    assert.deepEqual(timeline.input, { service: 'checkout' });
    const told = steps(timeline);
    assert.deepEqual(
      told.map(({ title }) => title).filter((title) => !title.startsWith('does')),
      [
        'is checkout still sick?',
        'take checkout out of rotation',
        'restart checkout',
        'put checkout back in rotation',
        'completed',
      ],
    );
    for (const { outcome, tookMs, kind } of told) {
      assert.equal(outcome, 'ok');
      assert.ok(kind === 'end' || (tookMs ?? -1) >= 0);
    }
  });

  it('tells what was undone, and why the run failed', () => {
    const timeline = recorded('escalated');
    const titles = steps(timeline).map(({ title }) => title);
    assert.ok(
      titles.some((title) => title.startsWith('undo: ')),
      titles.join(),
    );
    const end = timeline.entries.at(-1);
    assert.deepEqual([end?.kind, end?.title, end?.outcome], ['end', 'failed', 'failed']);
    assert.match(end?.detail ?? '', /still sick/);
  });

  it('a signal stands where it came', () => {
    const signals = recorded('resolved-meanwhile').entries.filter(({ kind }) => kind === 'signal');
    assert.deepEqual(
      signals.map(({ title }) => title),
      ['alertResolved'],
    );
  });

  it('what goes on is open, and a failed attempt counts', () => {
    const at = (second: number) => ({ seconds: second, nanos: 0 });
    const scheduled = { activityType: { name: 'restartUnit' } };
    const { entries } = timelineOf([
      { eventId: 1, eventTime: at(1), activityTaskScheduledEventAttributes: scheduled },
      { eventId: 2, eventTime: at(2), activityTaskScheduledEventAttributes: scheduled },
      { eventId: 3, eventTime: at(3), activityTaskStartedEventAttributes: { scheduledEventId: 1, attempt: 3 } },
      {
        eventId: 4,
        eventTime: at(4),
        activityTaskFailedEventAttributes: {
          scheduledEventId: 1,
          failure: { message: 'no', cause: { message: 'why' } },
        },
      },
      { eventId: 5, eventTime: at(5), workflowExecutionCancelRequestedEventAttributes: { cause: 'ops: enough' } },
    ] as unknown as HistoryEvent[]);
    assert.deepEqual(
      entries.map(({ title, outcome, attempt, tookMs, detail }) => [title, outcome, attempt, tookMs, detail]),
      [
        ['restartUnit', 'failed', 3, 3_000, 'no: why'],
        ['restartUnit', 'open', 1, null, ''],
        ['cancellation requested', 'note', 1, null, 'ops: enough'],
      ],
    );
  });

  it('a payload that is encoded is not shown', () => {
    const { input } = timelineOf([
      { eventId: 1, workflowExecutionStartedEventAttributes: { input: { payloads: [{ data: Buffer.from([1, 2]) }] } } },
    ] as unknown as HistoryEvent[]);
    assert.equal(input, '(encoded)');
  });
});
