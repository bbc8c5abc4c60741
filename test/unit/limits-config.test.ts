import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { parse, stringify } from 'yaml';
import type { LimitDefinition } from '../../activities/limits/definition.ts';
import { limitId } from '../../activities/limits/limit-id.ts';
import { ruleOf } from '../../activities/limits/rule-of.ts';
import { scopesOf } from '../../activities/limits/scope.ts';
import { loadConfig } from '../../workers/config.ts';
import { limitDefinitions } from '../../workers/limits/limits-schema.ts';
import { limit } from '../../workflows/kit/limit-use.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-limits-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const definitionsOf = (limits: unknown): LimitDefinition[] => {
  const file = join(dir, 'tocsin.yaml');
  writeFileSync(file, stringify({ limits }));
  return limitDefinitions(loadConfig({ file, env: {} }).limits);
};
const FACTS = { service: 'checkout', region: 'eu', target: 'checkout' };
const refused = (type: string, message: RegExp) => (error: unknown) =>
  error instanceof ApplicationFailure &&
  error.type === type &&
  error.nonRetryable === true &&
  message.test(error.message);

describe('configuration of limits', () => {
  it('a name, a scope and slots are enough', () => {
    assert.deepEqual(definitionsOf([{ name: 'l', scope: 'service', slots: 1 }]), [
      {
        name: 'l',
        scope: 'service',
        slots: 1,
        min: 0,
        of: {},
        failures: null,
        coolDownMs: 0,
        whenFull: 'queue',
        queueMax: 100,
        waitMs: 600_000,
        stopWhenSick: null,
      },
    ]);
  });

  it('the documented ones are in order', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/limits.md'), 'utf8');
    const { limits } = parse(/```yaml\n([^]*?)```/.exec(text)?.[1] ?? '') as { limits: unknown[] };
    assert.deepEqual(
      definitionsOf(limits).map(({ name, slots }) => [name, slots]),
      [
        ['one-per-service', 1],
        ['web-share', '10%'],
        ['per-rack', 1],
        ['fleet-breaker', 50],
      ],
    );
  });

  for (const [limits, problem, why] of [
    [[{ slots: 0 }], /\/limits\/0\/slots: must be >= 1/, 'nothing is no limit, it is a mistake'],
    [[{ slots: '0%' }], /\/limits\/0\/slots: must match pattern/, 'the same in percent'],
    [[{ slots: '101%' }], /\/limits\/0\/slots: must match pattern/, 'more than all'],
    [[{ slots: 1.5 }], /\/limits\/0\/slots/, 'half a step'],
    [[{ slots: -1 }], /\/limits\/0\/slots: must be >= 1/, 'less than nothing'],
    [[{ slots: true }], /\/limits\/0\/slots: must be integer,string/, 'no figure'],
    [
      [{ scope: 'rack' }],
      /\/limits\/0\/scope: must match pattern .*target\|service\|region\|fleet\|label/,
      'a label says so',
    ],
    [[{}, {}], /\/limits\/1\/name: l is there twice/, 'which one would count?'],
    [[{ scope: 'target', slots: '10%' }], /\/limits\/0\/scope: a target is one and has no share/, 'a share of one'],
    [[{ min: 1 }], /\/limits\/0\/min: 1 means nothing beside a count/, 'a figure without effect'],
    [[{ of: { tier: 'web' } }], /\/limits\/0\/of: nothing is counted/, 'a selector without effect'],
    [[{ failures: { max: 0, per: '1h' } }], /\/limits\/0\/failures\/max: must be >= 1/, 'always stopped'],
    [[{ failures: { max: 1 } }], /\/limits\/0\/failures: must have required property 'per'/, 'within what time?'],
    [[{ stopWhenSick: { share: '120%' } }], /\/limits\/0\/stopWhenSick\/share/, 'more than all'],
    [[{ queueMax: 0 }], /\/limits\/0\/queueMax: must be >= 1/, '`whenFull: refuse` says that'],
    [[{ wait: '0s' }], /\/limits\/0\/wait/, 'no time at all'],
    [[{ wait: '25h' }], /\/limits\/0\/wait/, 'longer than a day'],
    [[{ slotz: 1 }], /\/limits\/0\/slotz: is not known here/, 'a typing error'],
  ] as const)
    it(`refused, with its place: ${JSON.stringify(limits)}: ${why}`, () =>
      assert.throws(
        () => definitionsOf(limits.map((each) => ({ name: 'l', scope: 'service', slots: 1, ...each }))),
        problem,
      ));
});

describe('the scope of a step', () => {
  const definitions = definitionsOf([
    { name: 'z-fleet', scope: 'fleet', slots: 1 },
    { name: 'per-service', scope: 'service', slots: 1 },
    { name: 'per-region', scope: 'region', slots: 1 },
    { name: 'per-rack', scope: 'label:rack', slots: 1 },
  ]);
  const scopes = (...uses: Parameters<typeof scopesOf>[0]): string[] =>
    scopesOf(uses, FACTS, definitions).map((each) => `${each.definition.name} ${each.scope}`);

  it('comes from the run, or from the step; in one order, without doubles', () => {
    const expected = ['per-rack rack=r1', 'per-region region=eu', 'per-service service=checkout', 'z-fleet fleet'];
    const uses = ['z-fleet', 'per-service', 'per-region', limit('per-rack', 'r1'), limit('per-service', 'checkout')];
    assert.deepEqual(scopes(...uses), expected);
    assert.deepEqual(scopes(...uses.toReversed()), expected);
    assert.deepEqual(scopes(limit('per-service', 'billing')), ['per-service service=billing']);
  });

  it('is refused when the step does not say it', () => {
    assert.throws(() => scopes('per-rack'), refused('LimitScopeUnknown', /limit per-rack is per label:rack/));
    assert.throws(() => scopes(limit('per-rack', '')), refused('LimitScopeUnknown', /1 to 200/));
    assert.throws(() => scopes('no'), refused('LimitUnknown', /"no" is not configured; there are: z-fleet, /));
    assert.throws(
      () => scopesOf(['per-service'], { ...FACTS, service: null }, definitions),
      refused('LimitScopeUnknown', /says null/),
    );
  });

  it('becomes a workflow id that can be read, and is another one for another scope', () => {
    assert.equal(limitId('l', 'checkout'), 'limit/l/checkout');
    const ids = ['a/b', 'a b', 'a-b', 'x'.repeat(200), `${'x'.repeat(199)}y`, 'ü', '../..'].map((value) =>
      limitId('l', value),
    );
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^limit\/l\/[A-Za-z0-9_.:@~-]{1,140}$/);
  });
});

describe('a share of the inventory', () => {
  for (const [slots, size, more, expected] of [
    ['10%', 100, {}, 10],
    ['10%', 19, {}, 1],
    ['10%', 5, { min: 1 }, 1],
    ['10%', 50, { min: 1 }, 5],
    ['100%', 3, {}, 3],
    [2, 0, {}, 2],
    ['10%', 5, {}, /10% of 5 targets is less than one; give a count, or `min: 1`/],
    ['10%', 0, { min: 1 }, /the inventory has no target there, so none may be treated/],
    [3, 0, { stopWhenSick: { share: '30%' } }, /has no target there/],
  ] as const)
    it(`${slots} of ${size} ${JSON.stringify(more)}: ${String(expected)}`, () => {
      const [scoped] = scopesOf(['l'], FACTS, definitionsOf([{ name: 'l', scope: 'service', slots, ...more }]));
      assert.ok(scoped);
      const rule = () => ruleOf(scoped, () => size);
      if (typeof expected === 'number') assert.equal(rule().slots, expected);
      else assert.throws(rule, refused('LimitAllowsNothing', expected));
    });

  it('counts the targets of the scope, and of them those that are meant; a few sick are what is allowed', () => {
    const definitions = definitionsOf([
      { name: 'l', scope: 'region', slots: '50%', of: { tier: 'web' }, stopWhenSick: { share: '30%' } },
    ]);
    const [scoped] = scopesOf(['l'], FACTS, definitions);
    assert.ok(scoped);
    const asked: unknown[] = [];
    const rule = ruleOf(scoped, (selector) => asked.push(selector) * 10);
    assert.deepEqual(asked, [{ region: 'eu', tier: 'web' }]);
    assert.equal(rule.slots, 5);
    assert.deepEqual(rule.sick, { max: 3, withinMs: 600_000, of: 10 });
  });

  it('an inventory that does not answer is no empty one: it is tried again', () => {
    const [scoped] = scopesOf(['l'], FACTS, definitionsOf([{ name: 'l', scope: 'fleet', slots: '50%' }]));
    assert.ok(scoped);
    const away = (): never => {
      throw new Error('the inventory cannot tell');
    };
    assert.throws(() => ruleOf(scoped, away), /cannot tell/);
  });
});
