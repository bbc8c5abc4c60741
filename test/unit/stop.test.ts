import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type RunFacts, type Scope, covers, factsOf, parseScope } from '../../triggers/path/stop.ts';

const run: RunFacts = {
  trigger: 'restart-service',
  runbook: 'restartService',
  service: 'checkout',
  region: 'eu',
  labels: { cluster: 'prod', note: 'a=b' },
};

describe('scope of a stop', () => {
  const table: readonly (readonly [scope: Scope, run: RunFacts, expected: boolean, why: string])[] = [
    ['all', run, true, 'everything'],
    ['service=checkout', run, true, 'its service'],
    ['service=billing', run, false, 'another service'],
    ['target=checkout', run, true, 'a service is a target'],
    ['region=eu', run, true, 'where it acts'],
    ['region=us', run, false, 'another region'],
    ['trigger=restart-service', run, true, 'its trigger'],
    ['trigger=restart-service', { ...run, trigger: null, labels: {} }, false, 'started by hand'],
    ['runbook=restartService', run, true, 'its runbook'],
    ['cluster=prod', run, true, 'a label of the alert'],
    ['cluster=test', run, false, 'another value'],
    ['team=x', run, false, 'a label the alert does not have'],
    ['note=a=b', run, true, 'a value may hold the sign'],
    ['team=x', { ...run, labels: null }, true, 'labels that are not known are in doubt'],
    ['service=billing', { ...run, labels: null }, false, 'what is known is not in doubt'],
  ];
  for (const [scope, facts, expected, why] of table)
    it(`${scope}: ${why}`, () => assert.equal(covers(scope, factsOf(facts)), expected));

  it('what is no scope is refused', () => {
    for (const text of ['', 'checkout', '=x', 'service=', ' all', `a=${'x'.repeat(400)}`])
      assert.equal(parseScope(text), null, text);
    assert.equal(parseScope('service=checkout'), 'service=checkout');
  });
});
