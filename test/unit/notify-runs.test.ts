import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Disposition, EventRecord, RunOutcome, RunRecord } from '../../triggers/path/disposition.ts';
import type { StoredDeadLetter } from '../../triggers/path/ports.ts';
import { deadLetterNotice, lateNotices, loopNotices, runNotice } from '../../workers/notify/run-notices.ts';

const NOW = '2026-06-01T12:00:00.000Z';
const run = (outcome: RunOutcome, detail: string | null): RunRecord => ({
  kind: 'run',
  workflowId: 'restart/am:1#1',
  runId: 'r-1',
  trigger: 'restart',
  outcome,
  detail,
  closedAt: null,
  recordedAt: NOW,
});
const letter = (trigger: string, reason: string): StoredDeadLetter => ({
  id: 12,
  trigger,
  reason,
  message: 'x is not a function',
  deliveryCount: 1,
  recordedBy: 'test',
  storedAt: Date.parse(NOW),
  original: { stream: 'EVENTS_EU', sequence: 7, subject: 'events.eu.normal.am.x', storedAt: 0 },
  headers: {},
  data: new Uint8Array(),
});

const event = (...dispositions: Disposition[]): EventRecord => ({
  kind: 'event',
  position: { stream: 'EVENTS_EU', sequence: 7, storedAt: 0 },
  event: { id: 'e-1', type: 'tocsin.alert.firing', source: '/test', alertKey: 'am:1', title: null, labels: {} },
  episode: null,
  dispositions,
  triggerSet: '',
  recordedAt: NOW,
  recordedBy: 'test',
});

describe('notices of runs and dead letters', () => {
  for (const [outcome, severity, title] of [
    ['failed', 'critical', 'eu: run restart/am:1#1 failed'],
    ['timed-out', 'critical', 'eu: run restart/am:1#1 timed-out'],
    ['stuck', 'critical', 'eu: run restart/am:1#1 is stuck'],
    ['terminated', 'warning', 'eu: run restart/am:1#1 terminated'],
  ] as const) {
    it(`a run that is ${outcome} is ${severity}, and says where to look`, () => {
      const notice = runNotice('eu', run(outcome, 'still sick'), 'http://ui.test/r-1');
      assert.deepEqual(notice, {
        key: `run/restart/am:1#1/${outcome}`,
        severity,
        title,
        text: "reason: still sick\ntrigger: restart\nrun: r-1\nexplain: tocsin explain 'restart/am:1#1'",
        link: 'http://ui.test/r-1',
        at: Date.parse(NOW),
      });
    });
  }

  for (const [workflowType, outcome, means] of [
    ['tocsinLimit', 'terminated', /means: the next request starts the limit anew[^]*next: .*`tocsin limits`/],
    ['tocsinLimit', 'stuck', /means: no step under this limit can begin\nnext: the log of the runbook workers/],
    ['scheduleFired', 'failed', /not have been published[^]*`tocsin schedule backfill`/],
  ] as const)
    it(`a ${workflowType} that is ${outcome} says what that means and what to do, for no event explains it`, () => {
      const { text = '' } = runNotice('eu', { ...run(outcome, null), workflowType, trigger: null }, null) ?? {};
      assert.match(text, means);
      assert.doesNotMatch(text, /explain|trigger:/);
    });

  it('a trigger held back from a loop is critical, and says how it is released; another hold is no matter for a human', () => {
    const loop: Disposition = { trigger: 'restart', kind: 'held', reason: 'loop', detail: 'caused by restart/x' };
    const [notice, ...more] = loopNotices('eu', event(loop, { ...loop, trigger: 'other', reason: 'paused' }));
    assert.deepEqual(more, []);
    assert.equal(notice?.severity, 'critical');
    assert.match(notice?.text ?? '', /caused by restart\/x[^]*tocsin held release eu\/7/);
  });

  it('what a backlog folded and what was too old to act on are one matter for each trigger; a trigger that drops it is told too', () => {
    const folded: Disposition = { trigger: 'restart', kind: 'ignored', reason: 'folded', detail: 'waited 1h' };
    const notices = lateNotices(
      'eu',
      event(
        folded,
        { ...folded, kind: 'held', reason: 'stale', detail: '3h old' },
        { ...folded, reason: 'stale' },
        { ...folded, reason: 'superseded' },
      ),
    );
    assert.deepEqual(
      notices.map(({ key }) => key),
      ['late/eu/restart/ignored/folded', 'late/eu/restart/held/stale', 'late/eu/restart/ignored/stale'],
    );
    assert.match(notices[1]?.text ?? '', /3h old[^]*tocsin held list/);
  });

  it('what is not known is left out', () => {
    assert.doesNotMatch(runNotice('eu', run('failed', null), null)?.text ?? '', /reason|null/);
  });

  for (const outcome of ['completed', 'canceled'] as const)
    it(`a run that is ${outcome} is no matter for people`, () =>
      assert.equal(runNotice('eu', run(outcome, null), null), null));

  it('a dead letter is one matter with others of its trigger and reason, and says how to look at it', () => {
    const notice = deadLetterNotice('eu', letter('a', 'when-threw'));
    assert.deepEqual([notice.key, notice.severity], ['dead/eu/when-threw/a', 'warning']);
    assert.equal(
      notice.text,
      'reason: x is not a function\nsubject: events.eu.normal.am.x\nposition: EVENTS_EU/7\nlook: tocsin dead-letters show eu/12',
    );
    assert.equal(deadLetterNotice('eu', letter('', 'not-json')).title, 'eu: dead letter, an event (not-json)');
  });
});
