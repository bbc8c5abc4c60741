import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { HistoryEvent } from '../../workers/history-text.ts';
import { registeredActivities } from '../../workers/registered-activities.ts';
import { postMortemOf } from '../../workers/run-post-mortem.ts';

const registered = registeredActivities();
const eventsOf = (name: string): HistoryEvent[] => {
  const file = join(import.meta.dirname, `../histories/${name}.json`);
  return (historyFromJSON(JSON.parse(readFileSync(file, 'utf8'))).events ?? []) as HistoryEvent[];
};
const told = (events: readonly HistoryEvent[], status: string, link: string | null = null): string =>
  postMortemOf(events, { workflowId: 'id', status, link, registered });

/** The lines of one section, without their times. */
const section = (page: string, name: string): string[] => {
  const [, text = ''] = new RegExp(`## ${name}\\n\\n((?:- .*\\n?)*)`).exec(page) ?? [];
  return [...text.matchAll(/^- (?:[\d:]+Z )?(.*)$/gm)].map(([, line = '']) => line);
};

describe('post-mortem made of a history', () => {
  it('of a failed run tells what was done, undone and left, and why it failed', () => {
    const page = told(eventsOf('restartService-escalated'), 'failed', 'http://ui/run');
    assert.deepEqual(section(page, 'Done'), ['take checkout out of rotation', 'restart checkout']);
    assert.deepEqual(section(page, 'Undone'), ['take checkout out of rotation']);
    assert.deepEqual(section(page, 'Left as it is'), ['restart checkout']);
    assert.deepEqual(section(page, 'To do'), [
      '"restart checkout" was done and is not undone: undo it by hand, or leave it',
    ]);
    assert.match(page, /- status: failed: .*still sick/);
    assert.match(page, /- event: EVENTS_EU #1\n/);
    assert.match(page, /- link: http:\/\/ui\/run\n/);
    assert.equal(section(page, 'Seen').length, 6);
  });

  it('names who approved and who answered', () => {
    assert.deepEqual(section(told(eventsOf('restartService-approved'), 'completed'), 'Answers'), [
      'approve by Ann: test',
    ]);
    assert.deepEqual(section(told(eventsOf('killBlockers-asked'), 'completed'), 'Answers'), ['end it by Ann: test']);
  });

  it('does not count an answer that was refused', () => {
    const events = eventsOf('restartService-approved').filter(
      (event) => !event.workflowExecutionUpdateCompletedEventAttributes,
    );
    assert.deepEqual(section(told(events, 'running'), 'Answers'), []);
  });

  it('says of a step that was under way when the run was terminated that nobody knows', () => {
    const all = eventsOf('restartService-restarted');
    const restart = all.findIndex(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'restartUnit',
    );
    const cut = all.slice(0, restart + 1);
    assert.match(section(told(cut, 'terminated'), 'Open').join(), /^restart checkout: .*look at the target/);
    assert.deepEqual(section(told(cut, 'terminated'), 'Left as it is'), ['take checkout out of rotation']);
    assert.deepEqual(section(told(cut, 'terminated'), 'To do'), [
      'look whether "restart checkout" was done: the run ended before it knew',
      '"take checkout out of rotation" was done and is not undone: undo it by hand, or leave it',
    ]);
    assert.deepEqual(section(told(cut, 'running'), 'Open'), ['restart checkout: goes on']);
    assert.deepEqual(section(told(cut, 'running'), 'To do'), []);
    assert.deepEqual(section(told(cut, 'running'), 'Left as it is'), []);
  });

  it('of a run whose alert was resolved tells that', () => {
    const page = told(eventsOf('restartService-resolved-meanwhile'), 'completed');
    assert.deepEqual(section(page, 'Notes'), ['the alert is resolved']);
    const cancel = {
      eventTime: { seconds: 1, nanos: 0 },
      workflowExecutionCancelRequestedEventAttributes: { cause: 'ann: wrong service' },
    } as unknown as HistoryEvent;
    assert.deepEqual(section(told([cancel], 'canceled'), 'Notes'), ['cancellation requested: ann: wrong service']);
  });

  it('of a run whose code fails again and again says what it threw, until it gets on', () => {
    const failed = {
      workflowTaskFailedEventAttributes: { cause: 14, failure: { message: 'no name' } },
    } as HistoryEvent;
    const completed = { workflowTaskCompletedEventAttributes: {} } as HistoryEvent;
    const mend = 'mend the code of the runbook: until then it fails again and again';
    for (const status of ['running', 'timed-out']) {
      const page = told([completed, failed], status);
      assert.deepEqual(section(page, 'Failed'), ['the code of the runbook: no name']);
      assert.deepEqual(section(page, 'To do'), [mend]);
    }
    assert.deepEqual(section(told([failed, completed], 'running'), 'Failed'), []);
  });

  for (const [why, cause, failure] of [
    ['without the key', 14, { message: 'Encoded failure', applicationFailureInfo: { type: 'PayloadUnreadable' } }],
    ['without any key', 14, { message: 'Unknown encoding: binary/encrypted' }],
    ['whose answer is too large', 37, { message: 'too large' }],
  ] as const)
    it(`of a run at a worker ${why} does not blame the code of the runbook`, () => {
      const page = told([{ workflowTaskFailedEventAttributes: { cause, failure } } as HistoryEvent], 'running');
      assert.deepEqual(section(page, 'Failed'), [`its workflow task fails: ${failure.message}`]);
      assert.match(section(page, 'To do').join(), /^mend why its workflow task fails/);
    });

  it('leaves the effects of a run within it to that one, and names it', () => {
    const page = told(eventsOf('patchFleet-budget'), 'failed');
    assert.deepEqual(section(page, 'Left as it is'), []);
    assert.match(
      section(page, 'To do')[0] ?? '',
      /1-wave-canary" was a run of its own: .* tocsin runs show '.*\/1-wave-canary'/,
    );
  });

  it('of a run that ended with nothing left of it says that nothing more is done', () => {
    assert.deepEqual(section(told([], 'failed'), 'To do'), [
      'look whether its alert stands: nothing more is done for it',
    ]);
    assert.deepEqual(section(told([], 'canceled'), 'To do'), []);
  });

  it('of a workflow that Tocsin did not start tells what there is', () => {
    const page = told([], 'running');
    assert.match(page, /^# run\n\n- run: id \(\?\)\n- status: running$/);
  });
});
