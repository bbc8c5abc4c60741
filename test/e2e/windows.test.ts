/** Runs that keep to windows: they wait, say for what, and act within it only; on a real Temporal, with real zone data. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { openHumanQuestion, openQuestion } from '../../workers/open-question.ts';
import { signOverride } from '../../workers/windows/sign-override.ts';
import { planLines } from '../../workflows/kit/approval-text.ts';
import type { PlannedReport } from '../../workflows/kit/plan.ts';
import { ALLOWED_SIGNAL, RESOLVED_SIGNAL, STOPPED_SIGNAL } from '../../workflows/kit/run-context.ts';
import { OVERRIDE_SIGNAL, type OverridePayload, WINDOW_CLOSED } from '../../workflows/kit/window-message.ts';
import { answerTo, send, sendChoice } from '../support/approvals.ts';
import { until } from '../support/until.ts';
import { type WindowLab, startWindowLab } from '../support/window-lab.ts';

let lab: WindowLab;
let during: (what: string) => void | Promise<void> = () => undefined;
const HOUR = 3_600_000;

before(async () => (lab = await startWindowLab({ during: (what) => during(what) })));
after(() => lab?.stop());
afterEach(() => {
  lab.thaw();
  during = () => undefined;
});

const handle = (id: string) => lab.temporal.client.workflow.getHandle(id);
const result = (id: string): Promise<unknown> => handle(id).result();
const done = (id: string): string[] =>
  lab.calls.flatMap((call) => (call.startsWith(`${id} `) ? [call.slice(id.length + 1)] : []));
const shows = (id: string, text: RegExp): Promise<unknown> =>
  until(`${id} shows ${text.source}`, async () => text.test(await lab.details(id)));

async function failureOf(id: string): Promise<ApplicationFailure> {
  const error = await result(id).then(
    () => assert.fail('it completed'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure, String(error));
  return error.cause;
}

describe('a run that keeps to a window', () => {
  it('acts at once while it is open, and for one event more than without', async () => {
    const [within, without] = [await lab.begin('patch'), await lab.begin('plain')];
    assert.deepEqual([await result(within), await result(without)], ['done', 'done']);
    assert.deepEqual(done(within), ['patch a', 'reboot b']);
    const history = await handle(within).fetchHistory();
    assert.equal(
      history.events?.filter(({ markerRecordedEventAttributes }) => markerRecordedEventAttributes).length,
      1,
    );
    const plain = await handle(without).fetchHistory();
    assert.ok(!plain.events?.some(({ markerRecordedEventAttributes }) => markerRecordedEventAttributes));
  });

  it('waits until it opens, and says where, until when and why', async () => {
    const { to } = lab.freeze(-HOUR, 4_000);
    const id = await lab.begin('patch');
    await shows(
      id,
      /waits for window open in eu: closed: frozen until .*\(test\); opens \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-07:00\[America\/Vancouver\]/,
    );
    assert.deepEqual(done(id), []);
    let began = 0;
    during = () => void (began ||= Date.now());
    assert.equal(await result(id), 'done');
    assert.ok(began >= to * 1_000, `${began} is before ${to * 1_000}`);
  });

  it('ends when its alert is resolved while it waits', async () => {
    lab.freeze(-HOUR, HOUR);
    const id = await lab.begin('patch');
    await shows(id, /waits for window/);
    await handle(id).signal(RESOLVED_SIGNAL, { stream: 'EVENTS_EU', sequence: 2, storedAt: 0 });
    assert.deepEqual(await result(id), { outcome: 'resolved-meanwhile', undone: [] });
    assert.deepEqual(done(id), []);
  });

  it('fails when it does not open in time, or acts all the same if its runbook says so', async () => {
    const never = await failureOf(await lab.begin('patch', {}, { window: 'leap' }));
    assert.equal(never.type, 'NoOpening');
    assert.match(never.message, /window leap in eu does not open before .*does not open within 400 days/);
    lab.freeze(-HOUR, HOUR);
    assert.equal((await failureOf(await lab.begin('patch', { waitMs: 60_000 }))).type, 'NoOpening');
    const bold = await lab.begin('patch', { waitMs: 60_000, onNoWindow: 'run' });
    assert.equal(await result(bold), 'done');
  });

  it('fails at once when it does not open before the run has to end', async () => {
    lab.freeze(-HOUR, HOUR);
    const id = await lab.begin('patch', {}, { executionTimeoutMs: HOUR });
    const { type, message } = await failureOf(id);
    assert.equal(type, 'NoOpening');
    assert.match(message, /window open in eu does not open before .*; opens /);
  });

  it('asks people whether to act now, to wait on, or to give up', async () => {
    lab.freeze(-HOUR, HOUR);
    const ask = { waitMs: 1_000, onNoWindow: 'ask' } as const;
    const answer = async (id: string, choice: string): Promise<void> => {
      const client = lab.temporal.client;
      const question = await until(`${id} asks`, () => openHumanQuestion(client, id));
      assert.deepEqual(question.asked.human.choices, ['run now', 'wait', 'give up']);
      assert.match(question.asked.human.text, /window open in eu does not open before .*act outside of the window now/);
      await sendChoice(client, question, lab.keys['ann'] ?? assert.fail(), choice);
    };
    const [bold, patient, tired] = [
      await lab.begin('patch', ask),
      await lab.begin('patch', ask),
      await lab.begin('patch', ask),
    ];
    await answer(bold, 'run now');
    assert.equal(await result(bold), 'done');
    assert.match(await lab.details(bold), /acts outside window open, as Ann says/);
    await answer(patient, 'wait');
    await shows(patient, /waits for window open/);
    await answer(tired, 'give up');
    const failure = await failureOf(tired);
    assert.equal(failure.type, 'NoOpening');
    assert.match(failure.message, /Ann gave up \(test\)$/);
    assert.deepEqual(done(tired), []);
    await answer(patient, 'run now');
    assert.deepEqual([await result(patient), done(patient)], ['done', ['patch a', 'reboot b']]);
  });

  it('has nothing to undo of an effect that came too late to its worker, when it is resolved before the next opening', async () => {
    during = (what) => {
      if (what !== 'patch') return;
      lab.freeze(-HOUR, HOUR);
      // As the worker refuses what comes after the cut-off.
      throw ApplicationFailure.create({ type: WINDOW_CLOSED, nonRetryable: true, details: [true] });
    };
    const id = await lab.begin('patch');
    await shows(id, /waits for window/);
    await handle(id).signal(RESOLVED_SIGNAL, { stream: 'EVENTS_EU', sequence: 2, storedAt: 0 });
    assert.deepEqual(await result(id), { outcome: 'resolved-meanwhile', undone: [] });
    assert.deepEqual(done(id), ['patch a']);
  });

  it('does not begin what cannot end in time', async () => {
    lab.freeze(10_000, HOUR);
    const id = await lab.begin('patch', { needMs: 60_000, waitMs: 1_000 });
    assert.match((await failureOf(id)).message, /open until .*, and 1 min are needed; opens/);
    assert.deepEqual(done(id), []);
  });

  it('is told to people once when the window is in doubt, and does not act even if its runbook would', async () => {
    const id = await lab.begin('patch', { waitMs: 3_000, onNoWindow: 'run' }, { window: 'doubtful' });
    await shows(id, /holidays:old speaks only until 2020-12-31/);
    const failure = await failureOf(id);
    assert.equal(failure.type, 'NoOpening');
    assert.deepEqual(done(id), []);
    assert.deepEqual(
      lab.told.filter(({ text }) => text.includes(id)).map(({ title }) => title),
      ['window doubtful is closed by doubt'],
    );
  });
});

describe('at the cut-off', () => {
  for (const options of [{}, { onCutoff: 'finish' }] as const)
    it(`${JSON.stringify(options)} goes on with the effect in progress, and begins none before the next opening`, async () => {
      const { from, to } = lab.freeze(3_000, 8_000);
      let began = 0;
      during = async (what) => {
        if (what === 'patch') await until('the window has closed', () => Date.now() > from * 1_000);
        else began ||= Date.now();
      };
      const id = await lab.begin('patch', options);
      await shows(id, /waits for window open in eu: closed: frozen/);
      assert.deepEqual(done(id), ['patch a']);
      assert.equal(await result(id), 'done');
      assert.deepEqual(done(id), ['patch a', 'reboot b']);
      assert.ok(began >= to * 1_000, `${began} is before ${to * 1_000}`);
    });

  it('`carryOver` leaves the rest to the next opening', async () => {
    const { from } = lab.freeze(3_000, 6_000);
    const id = await lab.begin('patch', { onCutoff: 'carryOver', needMs: 1_000 });
    during = async (what) => {
      if (what === 'patch') await until('the window has closed', () => Date.now() > from * 1_000);
    };
    await shows(id, /patch it/);
    await shows(id, /waits for window open in eu: closed: (frozen|open until)/);
    assert.deepEqual(done(id), ['patch a']);
    assert.equal(await result(id), 'done');
    assert.deepEqual(done(id), ['patch a', 'reboot b']);
  });

  it('`cancel` ends what is in progress and takes back what was done', async () => {
    lab.freeze(4_000, HOUR);
    const id = await lab.begin('slow', { onCutoff: 'cancel', needMs: 1_000, cutoffMs: 1_000 });
    const failure = await failureOf(id);
    assert.equal(failure.type, 'WindowClosed');
    assert.match(failure.message, /window open reached its cut-off at/);
    assert.deepEqual(done(id), ['patch a', 'endless c', 'unpatch a']);
  });

  it('`cancel` of a part that undoes alone takes back what the part did, and the run goes on', async () => {
    lab.freeze(4_000, HOUR);
    const id = await lab.begin('apart', { onCutoff: 'cancel', needMs: 1_000, cutoffMs: 1_000 });
    assert.equal(await result(id), 'WindowClosed');
    assert.deepEqual(done(id), ['patch a', 'endless a', 'unpatch a']);
  });

  it('what the red button held up until it was closed waits for the next opening', async () => {
    lab.freeze(-HOUR, 3_000);
    const { from, to } = lab.freeze(6_000, 10_000);
    const id = await lab.begin('patch', { onCutoff: 'carryOver' });
    await shows(id, /waits for window/);
    const stop = { scope: 'all', why: 'drill', by: 'anna', at: '2026-01-01T00:00:00Z' };
    await handle(id).signal(STOPPED_SIGNAL, stop, Date.now());
    await shows(id, /waiting: red button/);
    await until('the window has closed', () => Date.now() > from * 1_000);
    await handle(id).signal(ALLOWED_SIGNAL);
    let began = 0;
    during = () => void (began ||= Date.now());
    assert.equal(await result(id), 'done');
    assert.ok(began >= to * 1_000, `${began} is before ${to * 1_000}`);
  });
});

describe('between two effects', () => {
  /** What is new by the time of the second effect. */
  const whilePatching = (act: () => unknown): void => {
    during = (what) => void (what === 'patch' && act());
  };

  for (const onCutoff of ['carryOver', 'finish'] as const)
    it(`a freeze that is new holds up the second, with ${onCutoff}`, async () => {
      let to = Infinity;
      let began = 0;
      during = (what) => {
        if (what === 'patch') ({ to } = lab.freeze(-1_000, 5_000));
        else began ||= Date.now();
      };
      const id = await lab.begin('patch', { onCutoff, recheckMs: 1 });
      await shows(id, /waits for window open in eu: closed: frozen until .*\(test\)/);
      assert.deepEqual(done(id), ['patch a']);
      assert.equal(await result(id), 'done');
      assert.deepEqual(done(id), ['patch a', 'reboot b']);
      assert.ok(began >= to * 1_000, `${began} is before ${to * 1_000}`);
    });

  it('a freeze that is new ends the run with `cancel`, which takes back what was done and says why', async () => {
    whilePatching(() => lab.freeze(-1_000, HOUR));
    const id = await lab.begin('patch', { onCutoff: 'cancel', recheckMs: 1 });
    const { type, message } = await failureOf(id);
    assert.equal(type, 'WindowClosed');
    assert.match(message, /reached its cut-off at .*: closed: frozen until/);
    assert.deepEqual(done(id), ['patch a', 'unpatch a']);
  });

  it('a freeze that is new and still to come moves the cut-off at which the second is cancelled', async () => {
    whilePatching(() => lab.freeze(3_000, HOUR));
    const id = await lab.begin('slow', { onCutoff: 'cancel', recheckMs: 1 });
    assert.equal((await failureOf(id)).type, 'WindowClosed');
    assert.deepEqual(done(id), ['patch a', 'endless c', 'unpatch a']);
  });

  it('an answer that is not five minutes old counts still, and costs no event', async () => {
    whilePatching(() => lab.freeze(-1_000, HOUR));
    const id = await lab.begin('patch');
    assert.equal(await result(id), 'done');
    const { events = [] } = await handle(id).fetchHistory();
    assert.equal(events?.filter((event) => event.markerRecordedEventAttributes).length, 1);
  });

  it('nothing is asked again by a run that people, or its runbook, let act outside of the window', async () => {
    lab.freeze(-HOUR, HOUR);
    const id = await lab.begin('patch', { waitMs: 60_000, onNoWindow: 'run', recheckMs: 1 });
    assert.deepEqual([await result(id), done(id)], ['done', ['patch a', 'reboot b']]);
  });
});

describe('a window that somebody opens by hand', () => {
  async function waiting(): Promise<{ id: string; runId: string }> {
    lab.freeze(-HOUR, HOUR);
    const id = await lab.begin('patch');
    await shows(id, /waits for window/);
    return { id, runId: (await handle(id).describe()).runId };
  }
  const open = (id: string, by: string, payload: Omit<OverridePayload, 'v' | 'person'>) =>
    handle(id).signal(OVERRIDE_SIGNAL, payload.window, signOverride(lab.keys[by] ?? assert.fail(by), payload));

  it('is open for that run, and the run says by whom and why', async () => {
    const { id, runId } = await waiting();
    await open(id, 'ann', { workflowId: id, runId, window: 'open', until: Date.now() + 60_000, why: 'disk is full' });
    assert.equal(await result(id), 'done');
    assert.match(await lab.details(id), /window open opened by Ann until .*: disk is full/);
  });

  it('stays closed for whoever may not, and for any other run, window or time', async () => {
    const { id, runId } = await waiting();
    const fine = { workflowId: id, runId, window: 'open', until: Date.now() + 60_000, why: 'because' };
    await open(id, 'mallory', fine);
    await open(id, 'rex', fine);
    await open(id, 'ann', { ...fine, workflowId: 'patch/other' });
    await open(id, 'ann', { ...fine, runId: 'other' });
    await open(id, 'ann', { ...fine, until: Date.now() - 1 });
    await open(id, 'ann', { ...fine, until: Date.now() + 48 * HOUR });
    await open(id, 'ann', { ...fine, why: '' });
    await handle(id).signal(OVERRIDE_SIGNAL, 'open', { payload: 'nonsense', key: 'ann', signature: 'x' });
    await handle(id).signal(OVERRIDE_SIGNAL, 'open', null);
    const { history } = { history: await handle(id).fetchHistory() };
    assert.ok(history.events);
    await shows(id, /waits for window/);
    assert.deepEqual(done(id), []);
    await open(id, 'ann', fine);
    assert.equal(await result(id), 'done');
  });
});

describe('the plan of a run', () => {
  it('is approved first, and carried out when the window opens', async () => {
    lab.freeze(-HOUR, 5_000);
    const id = await lab.begin('patch', {}, { context: { mode: 'approve' } });
    const asked = await until('it asks', () => openQuestion(lab.temporal.client, id));
    const ann = lab.keys['ann'] ?? assert.fail();
    await send(lab.temporal.client, id, 'approve', [answerTo(asked, ann, 'approve')]);
    await shows(id, /waits for window open/);
    assert.equal(await result(id), 'done');
    assert.deepEqual(done(id), ['patch a', 'reboot b']);
  });

  it('names the window of each effect', async () => {
    lab.freeze(-HOUR, HOUR);
    const id = await lab.begin('patch', {}, { context: { mode: 'plan' }, prefix: 'plan/' });
    const { plan } = (await result(id)) as PlannedReport;
    assert.deepEqual(
      plan.actions.map(({ title, window }) => [title, window?.use, window?.onCutoff]),
      [
        ['patch it', 'open', 'finish'],
        ['reboot it', 'open', 'finish'],
      ],
    );
    assert.match(planLines(plan)[0] ?? '', /^1\. patch it \(eu, in window open\): patch/);
  });
});
