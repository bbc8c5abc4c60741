import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Type } from 'typebox';
import type { Trigger } from '../../triggers/define-trigger.ts';
import type { Alert } from '../../triggers/events/alert.ts';
import type { EventOf } from '../../triggers/events/cloud-event.ts';
import { alertType, eventType } from '../../triggers/events/event-type.ts';
import { NO_CONTROL } from '../../triggers/path/control.ts';
import type { Disposition } from '../../triggers/path/disposition.ts';
import type { Episode } from '../../triggers/path/episode.ts';
import { CAUSED_BY, CAUSE_DEPTH, type RecentRun } from '../../triggers/path/loop.ts';
import { plan } from '../../triggers/path/planner.ts';
import type { PlannedStart } from '../../triggers/path/plan.ts';
import { alertEvent } from '../support/events.ts';

const WITHIN_MS = 600_000;
const trigger = (id: string, name: string): Trigger => ({
  id,
  on: alertType(name, Type.Object({ service: Type.String() })),
  run: `${id}Runbook`,
  input: ({ data }: EventOf<Alert>) => ({ service: data.labels['service'] }) as never,
  service: ({ data }: EventOf<Alert>) => data.labels['service'] ?? '',
});
const A = trigger('a', 'AlertA');
const B = trigger('b', 'AlertB');
const PLAIN: Trigger = {
  id: 'plain',
  on: eventType('com.example.done', Type.Unknown()),
  run: 'plainRunbook',
  input: () => ({}) as never,
};

interface Fires {
  readonly name?: string;
  readonly service?: string;
  readonly region?: string;
  readonly key?: string;
  readonly labels?: Record<string, string>;
  /** Milliseconds; when it is stored, and by default when it began. */
  readonly at: number;
  readonly began?: number | null;
  readonly extra?: Record<string, unknown>;
}

/** Several regions in front of one Temporal: books of their own, runs that all can see. */
function world() {
  const books = new Map<string, Episode>();
  const runs: RecentRun[] = [];
  let sequence = 0;
  const handle = (event: EventOf<unknown>, region: string, at: number, released = false, again = sequence + 1) => {
    sequence = again;
    const key = `${region} ${event.partitionkey ?? event.id}`;
    const position = { stream: `EVENTS_${region.toUpperCase()}`, sequence, storedAt: at };
    const planned = plan({
      event,
      position,
      asOf: position,
      triggers: [A, B, PLAIN],
      episode: books.get(key) ?? null,
      handledAt: released ? null : at,
      byOperator: released,
      control: NO_CONTROL,
      recent: runs.filter(({ startedAt }) => startedAt >= at - WITHIN_MS),
      regionOf: (named) => named ?? region,
      reorderBoundMs: 0,
    });
    if (planned.write !== null) books.set(key, planned.write);
    for (const start of planned.starts) runs.push(toRecent(start, event.partitionkey ?? null, at + 1));
    return planned;
  };
  return {
    runs,
    handle,
    fire: ({ name = 'AlertA', service = 'checkout', region = 'eu', ...given }: Fires, released = false) => {
      const { key = `${name}:${service}`, at, began = at, labels = {}, extra = {} } = given;
      const started = began === null ? null : new Date(began).toISOString();
      const event = alertEvent('firing', { key, name, labels: { service, ...labels }, started });
      return handle({ ...event, ...extra }, region, at, released);
    },
    resolve: (key: string, at: number, region = 'eu') =>
      handle(alertEvent('resolved', { key, ended: new Date(at).toISOString() }), region, at),
  };
}

const toRecent = (start: PlannedStart, alertKey: string | null, startedAt: number): RecentRun => ({
  workflowId: start.workflowId,
  trigger: start.trigger.id,
  region: start.region,
  service: start.service,
  alertKey,
  startedAt,
  depth: start.lineage?.depth ?? 0,
});

type World = ReturnType<typeof world>;
const isLoop = (each: Disposition | undefined): boolean => each?.kind === 'held' && each.reason === 'loop';

/** `next(n)` is the alert that the n-th effect causes. */
const VARIANTS: Readonly<Record<string, (n: number, cause: RecentRun | undefined) => Omit<Fires, 'at'>>> = {
  'direct: the same alert again': () => ({ key: 'same' }),
  'direct: the sender gives no time': () => ({ key: 'same', began: null }),
  'direct: a new alert key each time, as of a new pod': (n) => ({ key: `pod-${n}` }),
  'direct: the event names its cause, on another service each time': (n, cause) => ({
    key: `k${n}`,
    service: `s${n}`,
    extra: caused(cause),
  }),
  'direct: by a label that names the service before': (n) => ({
    key: `k${n}`,
    service: `s${n}`,
    labels: { upstream: `s${n - 1}` },
  }),
  'two-cycle: one service, two alerts': (n) => ({ name: n % 2 === 0 ? 'AlertA' : 'AlertB' }),
  'two-cycle: two services, nothing in common': (n) =>
    n % 2 === 0 ? { name: 'AlertA', service: 'database' } : { name: 'AlertB', service: 'web' },
  'two-cycle: two services, one names the other': (n) =>
    n % 2 === 0
      ? { name: 'AlertA', service: 'database' }
      : { name: 'AlertB', service: 'web', labels: { upstream: 'database' } },
  'across regions: the alert goes to and fro': (n) => ({ region: n % 2 === 0 ? 'eu' : 'us' }),
  'across regions: another service in each, new keys': (n) =>
    n % 2 === 0
      ? { region: 'eu', service: 'web', key: `eu-${n}` }
      : { region: 'us', service: 'proxy', key: `us-${n}`, name: 'AlertB' },
  'across regions: the event names its cause': (n, cause) => ({
    region: ['eu', 'us', 'ap'][n % 3] ?? '',
    key: `k${n}`,
    service: `s${n}`,
    extra: caused(cause),
  }),
};

const caused = (cause: RecentRun | undefined): Record<string, unknown> =>
  cause === undefined ? {} : { [CAUSED_BY]: cause.workflowId, [CAUSE_DEPTH]: cause.depth + 1 };

/** Each effect causes the next alert after this many ms; resolves to the effects until nothing starts any more. */
function play(around: World, next: (n: number, cause: RecentRun | undefined) => Omit<Fires, 'at'>, gapMs: number) {
  for (let n = 0, at = 1_000; n < 20; n += 1, at += gapMs) {
    const given = next(n, around.runs.at(-1));
    const planned = around.fire({ ...given, at, ...(given.began === null ? { began: null } : {}) });
    if (planned.starts.length === 0) return { effects: around.runs.length, last: planned };
    around.resolve(given.key ?? `${given.name ?? 'AlertA'}:${given.service ?? 'checkout'}`, at + 10, given.region);
  }
  return { effects: around.runs.length, last: null };
}

describe('loops', () => {
  for (const [name, next] of Object.entries(VARIANTS))
    it(`${name}: ends after three effects at most, however fast it turns`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 100, max: WITHIN_MS / 4 }), (gapMs) => {
          const { effects, last } = play(world(), next, gapMs);
          assert.ok(effects <= 3 && effects >= 1, `${effects} effects`);
          const [settled] = last?.settled ?? [];
          assert.ok(isLoop(settled), JSON.stringify(settled));
          assert.match(
            settled?.kind === 'held' ? settled.detail : '',
            /would run \w+ as .*caused by .*an operator may/,
          );
        }),
      );
    });

  it('what is parked stays parked in its episode, also when it is delivered again or much later, and starts when released', () => {
    const around = world();
    const { last } = play(around, () => ({ key: 'same' }), 60_000);
    assert.ok(isLoop(last?.settled[0]));
    const later = around.fire({ key: 'same', at: 100 * WITHIN_MS });
    assert.deepEqual([later.starts.length, later.settled[0]], [0, last?.settled[0]]);
    const released = around.fire({ key: 'same', at: 101 * WITHIN_MS }, true);
    assert.equal(released.starts.length, 1);
    assert.equal(around.fire({ key: 'same', at: 102 * WITHIN_MS }).settled[0]?.kind, 'joined');
  });

  it('an episode after the time has passed starts as ever', () => {
    const around = world();
    play(around, () => ({ key: 'same' }), 60_000);
    around.resolve('same', 10 * WITHIN_MS);
    assert.equal(around.fire({ key: 'same', at: 20 * WITHIN_MS }).starts.length, 1);
  });

  it('many alerts of one outage are no loop, however late each is sent', () => {
    const around = world();
    for (let n = 0; n < 50; n += 1)
      assert.equal(around.fire({ key: `pod-${n}`, at: 1_000 + n * 5_000, began: 500 }).starts.length, 1);
  });

  it('other services that are sick again and again one after another are no loop as long as nothing alternates', () => {
    const around = world();
    for (let n = 0; n < 50; n += 1)
      assert.equal(around.fire({ service: `s${n}`, key: `k${n}`, at: 1_000 + n * 5_000 }).starts.length, 1);
  });

  it('a plain event repeats by right: only lineage of its own is believed', () => {
    const around = world();
    const event = (id: string, extra = {}): EventOf<unknown> => ({
      specversion: '1.0',
      id,
      source: 'clock',
      type: 'com.example.done',
      data: {},
      ...extra,
    });
    for (let n = 0; n < 10; n += 1)
      assert.equal(around.handle(event(`e${n}`), 'eu', 1_000 + n * 1_000).starts.length, 1);
    const deep = around.handle(event('deep', { [CAUSED_BY]: 'elsewhere', [CAUSE_DEPTH]: '3' }), 'eu', 50_000);
    assert.ok(isLoop(deep.settled[0]));
  });

  it('attempts of one episode are no loop', () => {
    const again: Trigger = { ...A, onFailure: { kind: 'again', after: '0 ms', max: 9 } };
    const around = world();
    let episode = around.fire({ key: 'same', at: 1_000 }).write;
    for (let n = 1; n < 9; n += 1) {
      const at = 1_000 + n * 1_000;
      const decision = { ...episode!.triggers['a']!, failedAt: at - 500 };
      const position = { stream: 'EVENTS_EU', sequence: 100 + n, storedAt: at };
      const planned = plan({
        event: alertEvent('firing', { key: 'same', name: 'AlertA', labels: { service: 'checkout' } }),
        position,
        asOf: position,
        triggers: [again],
        episode: { ...episode!, triggers: { a: decision } },
        handledAt: at,
        control: NO_CONTROL,
        recent: around.runs,
        regionOf: () => 'eu',
        reorderBoundMs: 0,
      });
      assert.equal(planned.starts[0]?.attempt, n + 1);
      for (const start of planned.starts) around.runs.push(toRecent(start, 'same', at));
      episode = planned.write;
    }
  });
});
