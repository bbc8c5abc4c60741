import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { limitDetails } from '../../workflows/engine/limits/details.ts';
import { type LimitInput, reduce } from '../../workflows/engine/limits/reduce.ts';
import type { LimitOutput } from '../../workflows/engine/limits/step.ts';
import type { LimitRequest, LimitRule, Outcome, Verdict } from '../../workflows/engine/limits/rule.ts';
import { wakeAt } from '../../workflows/engine/limits/settle.ts';
import { EMPTY, type LimitState } from '../../workflows/engine/limits/state.ts';

const S = 1_000;
const START = 1_700_000_000_000;
const RULE: LimitRule = {
  name: 'l',
  scope: 'service=a',
  slots: 1,
  failures: null,
  coolDownMs: 0,
  whenFull: 'queue',
  queueMax: 3,
  waitMs: 600 * S,
  sick: null,
};

/** One scope, driven by hand; `at` is seconds since the start. */
function scope(changes: Partial<LimitRule> = {}) {
  let rule = { ...RULE, ...changes };
  let state: LimitState = EMPTY;
  const feed = (input: LimitInput, at: number): string[] => {
    const step = reduce(rule, state, input, START + at * S);
    state = step.state;
    return step.outputs.map(told);
  };
  return {
    state: () => state,
    use: (next: Partial<LimitRule>) => (rule = { ...rule, ...next }),
    ask: (id: string, at: number, more: Partial<LimitRequest> = {}) =>
      feed({ kind: 'request', request: { ...request(id), ...more } }, at),
    back: (id: string, at: number, outcome: Outcome = 'done', lingers = false) =>
      feed({ kind: 'release', id, outcome, lingers }, at),
    seen: (id: string, at: number, verdict: Verdict) => feed({ kind: 'inspected', id, verdict }, at),
    lost: (id: string, at: number) => feed({ kind: 'undeliverable', id }, at),
    tick: (at: number) => feed({ kind: 'tick' }, at),
    wake: () => {
      const due = wakeAt(rule, state);
      return due === null ? null : (due - START) / S;
    },
    details: () => limitDetails(rule, state),
  };
}

const request = (id: string): LimitRequest => ({
  id,
  workflowId: `run ${id}`,
  runId: id,
  step: 'restart it',
  target: id,
  leaseMs: 150 * S,
  attemptMs: 60 * S,
  undo: false,
});
const told = (output: LimitOutput): string => {
  if (output.kind === 'grant') return `grant ${output.lease.id}`;
  if (output.kind === 'refuse') return `refuse ${output.request.id} ${output.reason}`;
  return output.kind === 'inspect' ? `inspect ${output.lease.id}` : `page ${output.about}`;
};

describe('one scope of a limit', () => {
  it('slots are given in the order in which they are asked for', () => {
    const one = scope({ slots: 2 });
    assert.deepEqual(one.ask('a', 0), ['grant a']);
    assert.deepEqual(one.ask('b', 1), ['grant b']);
    assert.deepEqual(one.ask('c', 2), []);
    assert.deepEqual(one.ask('d', 3), []);
    assert.deepEqual(one.back('b', 4), ['grant c']);
    assert.deepEqual(one.back('a', 5), ['grant d']);
    const fences = one.state().leases.map(({ fence }) => fence);
    assert.ok((fences[0] ?? 0) < (fences[1] ?? 0));
  });

  it('a copy of anything changes nothing, and repeats the answer', () => {
    const one = scope();
    one.ask('a', 0);
    assert.deepEqual(one.ask('a', 1), ['grant a']);
    one.ask('b', 2);
    assert.deepEqual(one.ask('b', 3), []);
    assert.deepEqual(one.back('a', 4), ['grant b']);
    const { fence } = one.state();
    assert.deepEqual(one.back('a', 5), []);
    assert.deepEqual(one.ask('a', 6), [], 'its request comes late');
    assert.equal(one.state().fence, fence);
  });

  it('a release that overtakes its request leaves nothing behind', () => {
    const one = scope();
    assert.deepEqual(one.back('a', 0, 'unused'), []);
    assert.deepEqual(one.ask('a', 1), []);
    assert.deepEqual(one.state().leases, []);
  });

  it('asking again keeps the lease, and makes it longer', () => {
    const one = scope();
    one.ask('a', 0);
    one.ask('a', 100);
    assert.equal(one.state().leases[0]?.until, START + 250 * S);
  });

  it('a holder is looked at while somebody waits, and else when its lease is over', () => {
    const one = scope();
    one.ask('a', 0);
    assert.equal(one.wake(), 150);
    one.ask('b', 1);
    assert.equal(one.wake(), 15);
    assert.deepEqual(one.tick(15), ['inspect a']);
    assert.equal(one.wake(), 30);
  });

  for (const [verdict, at, expected, why] of [
    [{ kind: 'unknown' }, 151, [], 'a doubt frees nothing'],
    [{ kind: 'live' }, 151, [], 'its step goes on'],
    [{ kind: 'idle' }, 100, [], 'it may begin any moment'],
    [{ kind: 'idle' }, 151, ['grant b'], 'it can begin nothing any more'],
    [{ kind: 'closed', closedAt: START + 10 * S }, 20, [], 'an attempt may still be at work'],
    [{ kind: 'closed', closedAt: START - 1 }, 20, ['grant b'], 'it ended before it was given the lease'],
  ] as const)
    it(`${verdict.kind} at ${at} s: ${why}`, () => {
      const one = scope();
      one.ask('a', 0);
      one.ask('b', 1);
      for (let time = 15; time < at; time += 15) one.tick(time);
      assert.deepEqual(one.seen('a', at, verdict), expected);
    });

  it('the slot of a closed run is free when its attempt must have ended, at the latest with its lease', () => {
    const one = scope();
    one.ask('a', 0);
    one.ask('b', 1);
    one.seen('a', 20, { kind: 'closed', closedAt: START + 10 * S });
    assert.equal(one.wake(), 100, 'ten seconds, an attempt of sixty, thirty of grace');
    assert.deepEqual(one.tick(100), ['grant b']);
    one.seen('b', 245, { kind: 'closed', closedAt: START + 240 * S });
    assert.equal(one.wake(), 250);
  });

  it('a run that goes on after a time-out gives back a slot that is free only later', () => {
    const one = scope();
    one.ask('a', 0);
    one.ask('b', 1);
    assert.deepEqual(one.back('a', 50, 'failed', true), []);
    assert.equal(one.wake(), 140);
    assert.deepEqual(one.tick(140), ['grant b']);
  });

  it('whoever cannot be told is looked at once', () => {
    const one = scope();
    one.ask('a', 0);
    assert.deepEqual(one.lost('a', 1), ['inspect a']);
  });

  it('after a leap of time what ended unseen gets one attempt more, once', () => {
    const one = scope({ waitMs: 7_200 * S });
    one.ask('a', 0);
    one.ask('b', 1);
    assert.deepEqual(one.tick(3_600), ['inspect a']);
    assert.equal(one.state().leases[0]?.until, START + 3_690 * S);
    assert.deepEqual(one.seen('a', 3_691, { kind: 'idle' }), [], 'its bound promises nothing any more');
    assert.deepEqual(one.tick(3_781), ['grant b']);
    assert.equal(one.state().leases[0]?.id, 'b');
  });

  it('a clock that goes back stands still', () => {
    const one = scope();
    one.ask('a', 100);
    one.ask('b', 0);
    assert.equal(one.state().now, START + 100 * S);
    assert.equal(one.state().queue[0]?.since, START + 100 * S);
  });

  it('a full queue refuses, and so does a limit without one; the refusal can be asked for again', () => {
    const one = scope({ queueMax: 1 });
    one.ask('a', 0);
    one.ask('b', 1);
    assert.deepEqual(one.ask('c', 2), ['refuse c queue-full']);
    assert.deepEqual(one.ask('c', 3), ['refuse c queue-full']);
    const none = scope({ whenFull: 'refuse' });
    none.ask('a', 0);
    assert.deepEqual(none.ask('b', 1), ['refuse b full']);
    assert.deepEqual(
      none.ask('c', 20),
      ['refuse c full', 'inspect a'],
      'a holder that is gone must not refuse for ever',
    );
  });

  it('nobody waits longer than the bound', () => {
    const one = scope({ waitMs: 60 * S });
    one.ask('a', 0);
    one.ask('b', 10);
    assert.ok(one.tick(70).includes('refuse b waited'));
  });

  it('after its failures the breaker refuses who waits and who comes, pages once, and counts anew when it is over', () => {
    const one = scope({ slots: 2, failures: { max: 2, perMs: 100 * S } });
    one.ask('a', 0);
    one.ask('b', 0);
    one.ask('c', 0);
    assert.deepEqual(one.back('a', 10, 'failed'), ['grant c']);
    one.ask('d', 11);
    assert.deepEqual(one.back('b', 20, 'failed'), ['page breaker', 'refuse d breaker']);
    assert.deepEqual(one.ask('e', 119), ['refuse e breaker']);
    assert.deepEqual(one.ask('f', 121), ['grant f']);
    assert.deepEqual(one.back('f', 122, 'failed'), []);
  });

  it('failures of long ago do not count', () => {
    const one = scope({ failures: { max: 2, perMs: 100 * S } });
    one.ask('a', 0);
    one.back('a', 1, 'failed');
    one.ask('b', 102);
    assert.deepEqual(one.back('b', 103, 'failed'), []);
  });

  it('a cool-down lets time pass between two steps, not after one that did nothing', () => {
    const one = scope({ coolDownMs: 30 * S });
    one.ask('a', 0);
    one.ask('b', 1);
    assert.deepEqual(one.back('a', 10), []);
    assert.equal(one.wake(), 40);
    assert.deepEqual(one.tick(40), ['grant b']);
    one.ask('c', 41);
    assert.deepEqual(one.back('b', 42, 'unused'), ['grant c']);
  });

  it('more sick targets than allowed stop everything and page once, until there are fewer', () => {
    const one = scope({ slots: 5, sick: { max: 2, withinMs: 100 * S, of: 6 } });
    one.ask('a', 0);
    one.ask('b', 1);
    assert.deepEqual(one.ask('a2', 2, { target: 'a' }), ['grant a2'], 'the same target counts once');
    assert.deepEqual(one.ask('c', 3), ['page sick', 'refuse c sick']);
    assert.deepEqual(one.ask('d', 4), ['refuse d sick']);
    for (const id of ['a', 'b', 'a2']) one.back(id, 5);
    assert.deepEqual(one.ask('e', 50), ['refuse e sick'], 'those seen lately count');
    assert.deepEqual(one.ask('f', 151), ['grant f']);
  });

  it('a step that takes something back passes what stops the others, and goes first, within the slots', () => {
    const one = scope({
      failures: { max: 1, perMs: 100 * S },
      coolDownMs: 50 * S,
      sick: { max: 1, withinMs: 100 * S, of: 2 },
    });
    one.ask('a', 0);
    one.ask('b', 1, { target: 'a' });
    assert.deepEqual(one.ask('undo', 2, { undo: true, target: 'a' }), []);
    assert.deepEqual(one.back('a', 3, 'failed'), ['page breaker', 'refuse b breaker', 'grant undo']);
  });

  it('fewer slots than before: nobody begins until enough have ended', () => {
    const one = scope({ slots: 3 });
    for (const id of ['a', 'b', 'c']) one.ask(id, 0);
    one.use({ slots: 1 });
    one.ask('d', 1);
    assert.deepEqual([...one.back('a', 2), ...one.back('b', 3)], []);
    assert.deepEqual(one.back('c', 4), ['grant d']);
  });

  it('an operator reads who holds and who waits', () => {
    const one = scope();
    one.ask('a', 0);
    one.ask('b', 1);
    assert.match(
      one.details(),
      /\*\*l\*\* service=a · 1 of 1 slots taken · 1 waiting\n\n### Holders\n- run a: restart it, since 2023-11-14T22:13:20/,
    );
  });
});
