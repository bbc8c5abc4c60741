import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Type } from 'typebox';
import type { Trigger } from '../../triggers/define-trigger.ts';
import type { Alert } from '../../triggers/events/alert.ts';
import type { EventOf } from '../../triggers/events/cloud-event.ts';
import { alertType, eventType } from '../../triggers/events/event-type.ts';
import type { Position } from '../../triggers/path/disposition.ts';
import { type Control, NO_CONTROL, type TriggerControl } from '../../triggers/path/control.ts';
import type { Episode } from '../../triggers/path/episode.ts';
import type { Scope } from '../../triggers/path/stop.ts';
import { plan } from '../../triggers/path/planner.ts';
import type { Plan } from '../../triggers/path/plan.ts';
import { type AlertOptions, alertEvent, at as stored } from '../support/events.ts';

/** When the stream begins: after the times that the alerts of these tests bear. */
const BEGIN = Date.parse('2026-01-01T01:00:00Z');
const at = (sequence: number, afterMs = sequence * 1_000): Position => stored(sequence, BEGIN + afterMs);

const restart: Trigger = {
  id: 'restart-service',
  on: alertType('ServiceDown', Type.Object({ service: Type.String() })),
  run: 'restartService',
  input: ({ data }: EventOf<Alert>) => ({ service: data.labels['service'] }) as never,
};

interface Step {
  readonly event: EventOf<unknown>;
  readonly position: Position;
}
const fires = (sequence: number, options: AlertOptions = {}, storedAt?: number): Step => ({
  event: alertEvent('firing', options),
  position: at(sequence, storedAt),
});
const resolves = (sequence: number, options: AlertOptions = {}, storedAt?: number): Step => ({
  event: alertEvent('resolved', options),
  position: at(sequence, storedAt),
});

const control = (change: Partial<TriggerControl>): Control => ({
  ...NO_CONTROL,
  triggers: { [restart.id]: { mode: 'auto', paused: null, pausedAt: null, ...change } },
});

/** Feed events in this order, writing the book as the dispatcher would. */
function feed(
  steps: readonly (Step & { readonly control?: Control })[],
  triggers: readonly Trigger[] = [restart],
  start: Episode | null = null,
) {
  let episode = start;
  const plans: Plan[] = [];
  for (const { event, position, control = NO_CONTROL } of steps) {
    const next = plan({
      event,
      position,
      asOf: position,
      triggers,
      episode,
      handledAt: position.storedAt,
      control,
      reorderBoundMs: 10_000,
    });
    episode = next.write ?? episode;
    plans.push(next);
  }
  return {
    plans,
    episode,
    starts: plans.flatMap(({ starts }) => starts),
    signals: plans.flatMap(({ signals }) => signals),
  };
}

const summary = ({ plans }: ReturnType<typeof feed>) =>
  plans
    .map((p) =>
      p.starts.length > 0
        ? `start#${p.starts[0]?.generation}`
        : p.signals.length > 0
          ? 'tell'
          : (p.settled[0]?.kind ?? p.effect?.effect ?? 'none'),
    )
    .join(' ');

const TABLE: readonly { readonly name: string; readonly steps: readonly Step[]; readonly expected: string }[] = [
  { name: 'the same alert again joins', steps: [fires(1), fires(2), fires(3)], expected: 'start#1 joined joined' },
  {
    name: 'resolved before firing: the late firing is superseded',
    steps: [resolves(1), fires(2)],
    expected: 'none ignored',
  },
  {
    name: 'a firing stored before the resolve, delivered after it',
    steps: [resolves(6), fires(5)],
    expected: 'none ignored',
  },
  { name: 'resolved during the run tells it', steps: [fires(1), resolves(2)], expected: 'start#1 tell' },
  {
    name: 'a redelivered resolve tells again',
    steps: [fires(1), resolves(2), resolves(2)],
    expected: 'start#1 tell tell',
  },
  {
    name: 'a second resolve tells again: the first may not have reached the run',
    steps: [fires(1), resolves(2), resolves(3)],
    expected: 'start#1 tell tell',
  },
  {
    name: 'resolve without any time closes',
    steps: [fires(1), resolves(2, { started: null })],
    expected: 'start#1 tell',
  },
  {
    name: 'HA senders with different starts are one episode',
    steps: [fires(1), fires(2, { started: '2026-01-01T00:00:09Z' })],
    expected: 'start#1 joined',
  },
  {
    name: 'a false resolve, then the same firing again after the reorder bound, is a second run',
    steps: [fires(1), resolves(2), fires(3, {}, 12_000)],
    expected: 'start#1 tell start#2',
  },
  {
    name: 'within the bound without newer evidence it is late, not new',
    steps: [fires(1), resolves(2), fires(3, {}, 11_999)],
    expected: 'start#1 tell ignored',
  },
  {
    name: 'within the bound with newer evidence it is new',
    steps: [fires(1), resolves(2, { ended: '2026-01-01T00:05:00Z' }), fires(3, { started: '2026-01-01T00:05:01Z' })],
    expected: 'start#1 tell start#2',
  },
  {
    name: 'a replica that saw it start later, but before the resolve, is no newer evidence',
    steps: [fires(1), resolves(2, { ended: '2026-01-01T00:05:00Z' }), fires(3, { started: '2026-01-01T00:04:59Z' })],
    expected: 'start#1 tell ignored',
  },
  {
    name: 'an old resolve does not close a newer episode; it is told to the runs of its own',
    steps: [fires(1), resolves(2), fires(20, {}, 20_000), resolves(19, {}, 19_000)],
    expected: 'start#1 tell start#2 tell',
  },
  { name: 'a redelivered opener repeats its start', steps: [fires(1), fires(1)], expected: 'start#1 start#1' },
  {
    name: 'a redelivered opener repeats its start although it has resolved meanwhile',
    steps: [fires(1), resolves(2), fires(1)],
    expected: 'start#1 tell start#1',
  },
  {
    name: 'a stream made anew (sequences restart) does not lose the alert',
    steps: [fires(100), resolves(200), fires(1, {}, 999_000)],
    expected: 'start#1 tell start#2',
  },
];

describe('planner: episodes are decided by the book', () => {
  for (const { name, steps, expected } of TABLE) it(name, () => assert.equal(summary(feed(steps)), expected));

  it('a trigger that is new in the middle of an episode still gets its one run', () => {
    const first = feed([fires(1)]);
    const other: Trigger = { ...restart, id: 'other' };
    const later = feed([fires(2), fires(3)], [restart, other], first.episode);
    assert.deepEqual(
      later.starts.map(({ trigger }) => trigger.id),
      ['other'],
    );
  });

  it('a failed run is not repeated by default', () => {
    const { episode } = feed([fires(1)]);
    assert.equal(summary(feed([fires(2)], [restart], failed(episode, BEGIN + 1_500))), 'joined');
  });

  it('onFailure again starts another attempt after the pause, up to the maximum, with the attempt in the id', () => {
    const again: Trigger = { ...restart, onFailure: { kind: 'again', after: '1m', max: 2 } };
    const { episode } = feed([fires(1)], [again]);
    const early = feed([fires(2)], [again], failed(episode, BEGIN + 1_500));
    assert.equal(summary(early), 'joined');
    const due = feed([fires(70)], [again], failed(episode, BEGIN + 1_500));
    assert.equal(due.starts[0]?.attempt, 2);
    assert.match(due.starts[0]?.workflowId ?? '', /#1\.2~/);
    assert.equal(summary(feed([fires(900)], [again], failed(due.episode, BEGIN + 71_000))), 'joined');
  });

  it('a condition that throws is dead for that trigger alone', () => {
    const broken: Trigger = {
      ...restart,
      id: 'broken',
      when: () => {
        throw new Error('no such field');
      },
    };
    const { plans } = feed([fires(1)], [broken, restart]);
    assert.equal(plans[0]?.starts.length, 1);
    assert.deepEqual(plans[0]?.settled, [
      { trigger: 'broken', kind: 'dead', reason: 'when-threw', message: 'no such field' },
    ]);
  });

  it('an event that lacks what a trigger reads is dead for that trigger alone, and says what', () => {
    const strict: Trigger = {
      ...restart,
      id: 'strict',
      on: alertType('ServiceDown', Type.Object({ service: Type.String(), tier: Type.Literal('gold') })),
    };
    const { plans } = feed([fires(1)], [strict, restart]);
    assert.deepEqual(
      plans[0]?.starts.map(({ trigger }) => trigger.id),
      ['restart-service'],
    );
    const [dead] = plans[0]?.settled ?? [];
    assert.ok(dead?.kind === 'dead');
    assert.deepEqual([dead.trigger, dead.reason], ['strict', 'schema']);
    assert.match(dead.message, /tier/);
  });

  it('an event that an operator put back is judged where it stood at first', () => {
    const { episode } = feed([fires(1), resolves(2)]);
    const planned = plan({
      event: alertEvent('firing'),
      position: at(50),
      asOf: at(1, 1_000),
      triggers: [restart],
      episode: { ...episode!, triggers: {} },
      handledAt: null,
      control: NO_CONTROL,
      reorderBoundMs: 10_000,
    });
    assert.equal(planned.settled[0]?.kind, 'ignored');
  });

  it('a late resolve of the generation before is told to the runs of that one', () => {
    const { plans, starts } = feed([
      fires(1),
      resolves(3),
      fires(20, { started: '2026-01-02T00:00:00Z' }, 60_000),
      resolves(3),
    ]);
    assert.equal(starts.length, 2);
    assert.deepEqual(
      plans.at(-1)?.signals.map(({ workflowId, generation }) => [workflowId, generation]),
      [[starts[0]?.workflowId, 1]],
    );
    assert.equal(plans.at(-1)?.write, null);
  });

  it('the red button holds what it covers and nothing else; what was decided before is carried out', () => {
    const stopped = (scope: Scope): Control => ({
      ...NO_CONTROL,
      stops: [{ scope, why: 'drill', by: 'anna', at: '2026-01-01T00:00:00Z' }],
    });
    const { plans } = feed([{ ...fires(1), control: stopped('alertname=ServiceDown') }]);
    const [held] = plans[0]?.settled ?? [];
    assert.ok(held?.kind === 'held' && held.reason === 'stopped');
    assert.match(held.detail, /would run restartService as .*; alertname=ServiceDown stopped by anna at .*: drill/);
    assert.deepEqual(held.stop, { scope: 'alertname=ServiceDown', at: '2026-01-01T00:00:00Z' });
    const other = feed([{ ...fires(1), control: stopped('trigger=other') }]);
    assert.equal(other.starts.length, 1);
    const repeated = feed([{ ...fires(1), control: stopped('all') }], [restart], other.episode);
    assert.equal(repeated.starts.length, 1, 'its record may be all that is missing');
    const again = feed([{ ...fires(2), control: stopped('all') }], [restart], other.episode);
    assert.equal(again.plans[0]?.settled[0]?.kind, 'joined');
  });

  it('an observing trigger records what would have run, and starts when it is set to auto within the episode', () => {
    const observing = control({ mode: 'observe' });
    const { plans, starts, episode } = feed([
      { ...fires(1), control: observing },
      { ...fires(2), control: observing },
      fires(3),
    ]);
    for (const { plans: made } of plans.slice(0, 2)) {
      const [{ start, disposition } = assert.fail('no plan')] = made;
      assert.ok(disposition.kind === 'ignored' && disposition.reason === 'observed');
      assert.match(disposition.detail ?? '', /would run restartService as restart-service\//);
      assert.deepEqual([start.mode, start.workflowId], ['plan', disposition.plan]);
      assert.match(start.workflowId, /^plan\/restart-service\//);
    }
    assert.deepEqual([starts.length, episode?.generation], [1, 1]);
  });

  it('a trigger to be approved starts a run that asks, and a start that is repeated acts by itself only while that is allowed', () => {
    const approve = control({ mode: 'approve' });
    const observe = control({ mode: 'observe' });
    const { starts, plans } = feed([
      { ...fires(1), control: approve },
      { ...fires(1), control: observe },
      { ...fires(1), control: control({ mode: 'auto' }) },
    ]);
    assert.deepEqual(
      starts.map(({ mode }) => mode),
      ['approve', 'approve', 'auto'],
    );
    assert.equal(new Set(starts.map(({ workflowId }) => workflowId)).size, 1);
    assert.deepEqual(
      plans.flatMap(({ plans: made }) => made),
      [],
    );
  });

  it('a paused trigger holds or ignores, as its policy says', () => {
    const hold = feed([{ ...fires(1), control: control({ paused: 'hold' }) }]).plans[0]?.settled[0];
    assert.deepEqual([hold?.kind, hold && 'reason' in hold && hold.reason], ['held', 'paused']);
    const ignore = feed([{ ...fires(1), control: control({ paused: 'ignore' }) }]).plans[0]?.settled[0];
    assert.deepEqual([ignore?.kind, ignore && 'reason' in ignore && ignore.reason], ['ignored', 'paused']);
  });

  it('a start that was decided is carried out although the trigger has been paused since', () => {
    const { starts } = feed([fires(1), { ...fires(1), control: control({ paused: 'hold' }) }]);
    assert.equal(starts.length, 2);
    assert.equal(new Set(starts.map(({ workflowId }) => workflowId)).size, 1);
  });

  it('a trigger observes by its own definition until an operator says otherwise', () => {
    const careful: Trigger = { ...restart, mode: 'observe' };
    assert.equal(feed([fires(1)], [careful]).starts.length, 0);
    assert.equal(feed([{ ...fires(1), control: control({ mode: 'auto' }) }], [careful]).starts.length, 1);
  });

  it('a plain event is its own episode', () => {
    const deploy: Trigger = {
      id: 'deploy',
      on: eventType('com.example.deployed', Type.Object({})),
      run: 'restartService',
      input: () => ({}) as never,
    };
    const event = { specversion: '1.0', id: 'd1', source: 's', type: 'com.example.deployed', data: {} } as const;
    const planned = plan({
      event,
      position: at(1),
      asOf: at(1),
      triggers: [deploy],
      episode: null,
      handledAt: BEGIN + 1_000,
      control: NO_CONTROL,
      reorderBoundMs: 0,
    });
    assert.equal(planned.write, null);
    assert.equal(planned.starts.length, 1);
  });

  it('whatever the order and the repetitions, one generation starts one run of a trigger', () => {
    const step = fc.record({ fire: fc.boolean(), sequence: fc.integer({ min: 1, max: 12 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { starts } = feed(
          steps.map(({ fire, sequence }) =>
            fire ? fires(sequence, {}, sequence * 20_000) : resolves(sequence, {}, sequence * 20_000),
          ),
        );
        const bySource = new Map<string, number>();
        for (const { workflowId, generation } of starts) bySource.set(workflowId, generation);
        const generations = [...bySource.values()];
        assert.equal(new Set(generations).size, generations.length);
      }),
      { numRuns: 500 },
    );
  });
});

function failed(episode: Episode | null, failedAt: number): Episode {
  assert.ok(episode);
  const triggers = Object.fromEntries(
    Object.entries(episode.triggers).map(([id, decision]) => [id, { ...decision, failedAt }]),
  );
  return { ...episode, triggers };
}
