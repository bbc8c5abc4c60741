import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type RunFilter, runsQuery } from '../../workers/runs-query.ts';

describe('query of runs', () => {
  const TABLE: readonly [RunFilter, string, string][] = [
    [{}, 'TocsinTrigger IS NOT NULL', 'every run of ours, no other workflow'],
    [{ trigger: 'by-hand' }, "TocsinTrigger = 'by-hand'", 'a trigger implies that it is ours'],
    [
      { status: 'timed-out', region: 'eu', service: 'check out', phase: 'approval' },
      "TocsinTrigger IS NOT NULL AND ExecutionStatus = 'TimedOut' AND TocsinPhase = 'approval' AND TocsinService = 'check out' AND TocsinRegion = 'eu'",
      'conditions add up',
    ],
    [{ since: 0 }, "TocsinTrigger IS NOT NULL AND StartTime >= '1970-01-01T00:00:00.000Z'", 'an instant is UTC'],
  ];
  for (const [filter, expected, why] of TABLE) it(why, () => assert.equal(runsQuery(filter), expected));

  for (const value of ["x' OR ExecutionStatus = 'Failed", 'a"b', 'a\\', '', 'a\nb', 'x'.repeat(256)])
    it(`${JSON.stringify(value.slice(0, 20))} is refused`, () =>
      assert.throws(() => runsQuery({ service: value }), /without quotation marks/));

  for (const status of ['Running', 'toString', 'stuck'])
    it(`status ${status} is refused, with those there are`, () =>
      assert.throws(() => runsQuery({ status }), /expected one of running, completed/));
});
