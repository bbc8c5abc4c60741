import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Type } from 'typebox';
import type { Trigger } from '../../triggers/define-trigger.ts';
import type { EventOf } from '../../triggers/events/cloud-event.ts';
import { alertType, eventType } from '../../triggers/events/event-type.ts';
import { NO_CONTROL } from '../../triggers/path/control.ts';
import type { EndedAttempt } from '../../triggers/path/disposition.ts';
import type { Episode } from '../../triggers/path/episode.ts';
import { plan } from '../../triggers/path/planner.ts';
import type { Plan } from '../../triggers/path/plan.ts';
import { alertEvent, at } from '../support/events.ts';

const base = { run: 'restartService', input: () => ({}) as never };
const ON_ALERT: Trigger = {
  ...base,
  id: 'restart',
  on: alertType('ServiceDown', Type.Object({ service: Type.String() })),
};
const ON_EVENT: Trigger = { ...base, id: 'deploy', on: eventType('com.example.deployed', Type.Object({})) };
const DEPLOYED: EventOf<unknown> = {
  specversion: '1.0',
  id: 'd1',
  source: 's',
  type: 'com.example.deployed',
  data: {},
};
const FIRING = alertEvent('firing');

const place = (trigger: Trigger, event: EventOf<unknown>) => {
  let episode: Episode | null = null;
  let sequence = 0;
  /** Stored once more; `after`: by an operator, for one more attempt. */
  const store = (stored: EventOf<unknown> = event, after: EndedAttempt | null = null): Plan => {
    const position = at((sequence += 1), Date.parse('2026-01-01T01:00:00Z') + sequence * 60_000);
    const planned = plan({
      event: stored,
      position,
      asOf: after === null ? position : at(1, Date.parse('2026-01-01T01:01:00Z')),
      triggers: [trigger],
      episode,
      handledAt: after === null ? position.storedAt : null,
      after,
      control: NO_CONTROL,
      reorderBoundMs: 10_000,
    });
    episode = planned.write ?? episode;
    return planned;
  };
  return { store };
};
const first = ({ starts: [start] }: Plan): EndedAttempt => {
  assert.ok(start !== undefined);
  return { workflowId: start.workflowId, attempt: start.attempt };
};

describe('an event put back for one more attempt', () => {
  for (const [name, trigger, event] of [
    ['an alert that is still open', ON_ALERT, FIRING],
    ['a plain event', ON_EVENT, DEPLOYED],
  ] as const)
    it(`${name}: starts the next attempt, and the one after that`, () => {
      const { store } = place(trigger, event);
      let run = first(store());
      for (const attempt of [2, 3]) {
        const next = first(store(event, run));
        assert.equal(next.attempt, attempt);
        assert.match(next.workflowId, new RegExp(`#1\\.${attempt}~`));
        run = next;
      }
    });

  it('given twice it starts one: the second joins, or has the same id', () => {
    const alert = place(ON_ALERT, FIRING);
    const ended = first(alert.store());
    const again = first(alert.store(FIRING, ended));
    const [joined] = alert.store(FIRING, ended).settled;
    assert.ok(joined?.kind === 'joined' && joined.workflowId === again.workflowId, JSON.stringify(joined));
    const plain = place(ON_EVENT, DEPLOYED);
    const run = first(plain.store());
    assert.deepEqual(first(plain.store(DEPLOYED, run)), first(plain.store(DEPLOYED, run)));
  });

  it('starts nothing for an alert that has resolved meanwhile', () => {
    const { store } = place(ON_ALERT, FIRING);
    const ended = first(store());
    store(alertEvent('resolved'));
    assert.deepEqual(store(FIRING, ended).starts, []);
  });

  it('after a run of something else it is an event as any other', () => {
    for (const [trigger, event] of [
      [ON_ALERT, FIRING],
      [ON_EVENT, DEPLOYED],
    ] as const) {
      const { store } = place(trigger, event);
      assert.equal(first(store(event, { workflowId: 'other', attempt: 7 })).attempt, 1);
    }
  });
});
