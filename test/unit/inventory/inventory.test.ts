import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createAllowedTarget } from '../../../activities/allowed-target.ts';
import type { TargetRule } from '../../../activities/target-rule.ts';
import { configProvider } from '../../../activities/inventory/config-provider.ts';
import { type Inventory, InventoryUnusable, createInventory } from '../../../activities/inventory/inventory.ts';
import type { InventoryProvider } from '../../../activities/inventory/provider.ts';
import type { Selector } from '../../../activities/inventory/selector.ts';
import type { Target } from '../../../activities/inventory/target.ts';
import { type ServiceTreatment, createTreatments } from '../../../activities/service-treatment.ts';

const target = (id: string, more: Partial<Target> = {}): Target => ({
  id,
  kind: 'service',
  service: id,
  region: 'eu',
  labels: {},
  provider: 'cmdb',
  ...more,
});
const own = configProvider([
  { id: 'checkout', kind: 'service', service: 'checkout', region: 'eu', labels: { tier: 'web', team: 'shop' } },
  { id: 'billing', kind: 'service', service: 'billing', region: 'eu', labels: { tier: 'db' } },
  { id: 'checkout', kind: 'service', service: 'checkout', region: 'us', labels: { tier: 'web' } },
]);
const cmdb = (targets: readonly Target[], unusable = false, regions = ['eu', 'us']): InventoryProvider => ({
  refreshMs: null,
  refresh: async () => undefined,
  targets: () => (unusable ? [] : targets),
  status: () => ({
    ...own.status(),
    name: 'cmdb',
    kind: 'http',
    state: unusable ? 'unusable' : 'fresh',
    ageMs: unusable ? null : 7,
    regions,
    why: unusable ? 'answered 502' : null,
  }),
});
const hosts = [
  target('web-1', { kind: 'host', service: 'checkout', labels: { tier: 'web' } }),
  target('web-2', { kind: 'host', service: 'checkout', labels: { tier: 'web' } }),
];

describe('the inventory', () => {
  const inventory = createInventory([own, cmdb(hosts)]);

  it('finds a target by its id in a region', () => {
    assert.equal(inventory.find('checkout', 'us').region, 'us');
    assert.equal(inventory.find('web-1', 'eu').provider, 'cmdb');
  });

  for (const [selector, expected] of [
    [{}, ['checkout', 'billing', 'checkout', 'web-1', 'web-2']],
    [{ region: 'eu' }, ['checkout', 'billing', 'web-1', 'web-2']],
    [{ service: 'checkout', kind: 'host' }, ['web-1', 'web-2']],
    [{ tier: 'web', region: 'us' }, ['checkout']],
    [{ tier: ['web', 'db'], kind: 'service', region: 'eu' }, ['checkout', 'billing']],
    [{ tier: 'we' }, []],
    [{ tier: [] }, []],
    [{ team: 'nobody' }, []],
    [{ toString: 'x' }, []],
    [{ constructor: 'Object' }, []],
  ] satisfies [Selector, string[]][]) {
    it(`selects and counts ${JSON.stringify(selector)}`, () => {
      assert.deepEqual(
        inventory.select(selector).map(({ id }) => id),
        expected,
      );
      assert.equal(inventory.size(selector), expected.length);
    });
  }

  it('selects within one region', () => {
    assert.equal(inventory.select({ tier: 'web' }, 'us').length, 1);
  });

  it('is as old as its oldest answer, and has no age while one is missing', () => {
    assert.equal(inventory.age(), 7);
    assert.equal(createInventory([own, cmdb([], true)]).age(), null);
  });

  it('an id that two providers name is acted upon by neither', () => {
    const doubtful = createInventory([own, cmdb([target('checkout'), target('api')])]);
    assert.throws(
      () => doubtful.find('checkout', 'eu'),
      refused(/"checkout" of region eu is named by config and cmdb, expected one of them/),
    );
    assert.deepEqual(doubtful.doubtful(), [{ id: 'checkout', region: 'eu', providers: ['config', 'cmdb'] }]);
    assert.deepEqual(
      doubtful.select({}, 'eu').map(({ id }) => id),
      ['billing', 'api'],
    );
    assert.equal(doubtful.find('checkout', 'us').id, 'checkout', 'the neighbour in the other region is not disturbed');
  });

  describe('with nothing in it', () => {
    const empty = createInventory([configProvider([]), cmdb([])]);
    it('has no target: an empty set never means everything', () => {
      assert.deepEqual(empty.select({}), []);
      assert.equal(empty.size({}), 0);
      assert.throws(() => empty.find('checkout', 'eu'), refused(/it has: none/));
    });
  });

  describe('with a provider that is unusable', () => {
    const partly = createInventory([own, cmdb(hosts, true)]);
    const unusable = (what: RegExp) => (error: unknown) => {
      assert.ok(error instanceof InventoryUnusable && !(error instanceof ApplicationFailure), 'is retried');
      assert.match(error.message, what);
      assert.match(error.message, /provider cmdb is unusable: answered 502/);
      return true;
    };
    it('what others name is found, what it might name is not decided', () => {
      assert.equal(partly.find('billing', 'eu').id, 'billing');
      assert.throws(() => partly.find('web-1', 'eu'), unusable(/cannot tell target "web-1"/));
    });
    it('a set it might add to is not told', () => {
      assert.throws(() => partly.select({ tier: 'web' }), unusable(/cannot tell tier=web/));
      assert.throws(() => partly.size({}), unusable(/cannot tell every target/));
    });
    it('a region it has no part in goes on', () => {
      const other = createInventory([own, cmdb(hosts, true, ['eu'])]);
      assert.equal(other.size({ region: 'us' }), 1);
      assert.equal(other.select({}, 'us').length, 1);
      assert.throws(() => other.find('nowhere', 'us'), refused(/it has: checkout/));
      assert.throws(() => other.size({ region: ['eu', 'us'] }), unusable(/region=eu\|us/));
    });
  });

  it('a message names a few of many', () => {
    const many = createInventory([cmdb(Array.from({ length: 500 }, (_, index) => target(`h${index}`)))]);
    assert.throws(
      () => many.find('x'.repeat(100_000), 'eu'),
      (error: Error) => {
        assert.match(error.message, /h9 and 490 more$/);
        return error.message.length < 500;
      },
    );
  });
});

describe('what a run may act upon', () => {
  const inventory = createInventory([own, cmdb(hosts)]);
  /** As a step of a run of `restartService` that `restart-service` has started. */
  const choose = (
    id: string,
    rules: readonly TargetRule[] = [],
    workflowId = 'restart-service/a#1',
    from: Inventory = inventory,
  ) =>
    new MockActivityEnvironment(
      { workflowType: 'restartService', workflowExecution: { workflowId, runId: 'r' } },
      { logger: new DefaultLogger('ERROR') },
    ).run<[], Target, () => Promise<Target>>(async () =>
      createAllowedTarget({ region: 'eu', inventory: from, rules })(id),
    );

  it('without rules: every target of its region', async () => {
    assert.equal((await choose('billing')).id, 'billing');
  });

  for (const [rule, id, allowed] of [
    [{ trigger: 'restart-service', targets: { tier: 'web' } }, 'checkout', true],
    [{ trigger: 'restart-service', targets: { tier: 'web' } }, 'billing', false],
    [{ runbook: 'restartService', targets: { tier: ['web', 'db'] } }, 'billing', true],
    [{ runbook: 'restartService', targets: { team: 'shop' } }, 'billing', false],
    [{ targets: { kind: 'service' } }, 'web-1', false],
    [{ runbook: 'other', targets: { team: 'nobody' } }, 'billing', true],
    [{ trigger: 'restart', targets: { team: 'nobody' } }, 'billing', true],
    [{ runbook: 'restartService', trigger: 'other', targets: { team: 'nobody' } }, 'billing', true],
    [{ targets: { provider: 'config' } }, 'web-1', false],
  ] satisfies [TargetRule, string, boolean][]) {
    it(`${JSON.stringify(rule)} ${allowed ? 'allows' : 'refuses'} ${id}`, async () => {
      if (allowed) assert.equal((await choose(id, [rule])).id, id);
      else await assert.rejects(choose(id, [rule]), refused(/is outside of what .* may act upon: /));
    });
  }

  it('every rule that is meant must hold', () =>
    assert.rejects(
      choose('checkout', [{ targets: { tier: 'web' } }, { runbook: 'restartService', targets: { team: 'core' } }]),
      refused(/outside of what runbook restartService may act upon: team=core/),
    ));

  it('a rule of a trigger says nothing about runs by hand, one of a runbook does', async () => {
    const byHand = 'by-hand/restartService#1';
    const targets = { tier: 'web' };
    assert.equal((await choose('billing', [{ trigger: 'restart-service', targets }], byHand)).id, 'billing');
    await assert.rejects(choose('billing', [{ runbook: 'restartService', targets }], byHand), refused(/outside/));
  });

  for (const hostile of [
    'nowhere',
    '',
    '*',
    'CHECKOUT',
    'checkout ',
    'checkout\0',
    'checkout; reboot',
    '$(reboot)',
    '../checkout',
    'us/checkout',
    '{id}',
    '--all',
    '__proto__',
    'constructor',
    'сheckout',
    'x'.repeat(1_000_000),
  ]) {
    it(`an event cannot name a new target: ${JSON.stringify(hostile).slice(0, 40)}`, () =>
      assert.rejects(choose(hostile), refused(/is not in the inventory of region eu; it has: checkout, billing/)));
  }

  for (const [why, input] of [
    ['nothing', undefined],
    ['a list', ['checkout']],
    ['an object', { id: 'checkout' }],
    ['a number', 0],
  ] as const) {
    it(`an input that is ${why} is no target`, () =>
      assert.rejects(choose(input as unknown as string), refused(/is no text, expected the id of a target/)));
  }

  it('with an unusable provider the step is tried again, and nothing is done meanwhile', () =>
    assert.rejects(choose('web-1', [], undefined, createInventory([own, cmdb(hosts, true)])), InventoryUnusable));
});

describe('how a target is treated', () => {
  const template: ServiceTreatment = {
    health: 'https://probe.example.com/{region}?of={id}',
    status: ['ssh', '{service}-{id}', 'status', '{id}'],
    restart: ['unit', '{id}', '{invocation}'],
  };
  const service = { name: 'checkout', region: 'eu', health: 'https://own', status: ['own'], restart: ['own'] };
  const treatmentOf = createTreatments([service], { service: template });

  it('a service of the configuration has its own commands', () => {
    assert.equal(treatmentOf(target('checkout', { provider: 'config' })), service);
  });

  it('one of a provider has those of its kind, with its own names filled in', () => {
    assert.deepEqual(treatmentOf(target('a:b', { service: 'api' })), {
      health: 'https://probe.example.com/eu?of=a%3Ab',
      status: ['ssh', 'api-a:b', 'status', 'a:b'],
      restart: ['unit', 'a:b', '{invocation}'],
    });
  });

  it('a provider cannot borrow the commands of a service of the configuration', () => {
    assert.deepEqual(treatmentOf(target('checkout')), {
      health: 'https://probe.example.com/eu?of=checkout',
      status: ['ssh', 'checkout-checkout', 'status', 'checkout'],
      restart: ['unit', 'checkout', '{invocation}'],
    });
  });

  it('a unit of another host is named by the target as well', () => {
    const unit = createTreatments([], {
      unit: { systemd: { host: '{service}', unit: '{id}.service' }, timeoutMs: 5_000 },
    });
    assert.deepEqual(unit(target('api@2', { kind: 'unit', service: 'web-1' })), {
      systemd: { host: 'web-1', unit: 'api@2.service' },
      timeoutMs: 5_000,
    });
  });

  it('a kind nobody has said anything about is not treated', () => {
    for (const kind of ['host', 'constructor'])
      assert.throws(
        () => treatmentOf(target('web-1', { kind })),
        (error: unknown) => {
          assert.ok(error instanceof ApplicationFailure);
          assert.deepEqual([error.type, error.nonRetryable], ['NoTreatment', true]);
          assert.match(error.message, new RegExp(`of kind ${kind}.*inventory\\.treatments`));
          return true;
        },
      );
  });
});

/** Final: Temporal does not try again. */
const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApplicationFailure, String(error));
  assert.deepEqual([error.type, error.nonRetryable], ['TargetNotAllowed', true]);
  assert.match(error.message, pattern);
  return true;
};
