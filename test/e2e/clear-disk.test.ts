import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DiskState } from '../../activities/disks.ts';
import { type TestKit, answers, openTestKit } from '../../workers/testing/index.ts';
import type * as runbooks from '../../workflows/index.ts';

const look = (usedPercent: number): DiskState => ({
  usedPercent,
  freeKiB: 100 - usedPercent,
  full: usedPercent >= 85,
  rules: ['old-logs'],
});

describe('clearDisk', () => {
  let kit: TestKit<typeof runbooks>;
  before(async () => {
    kit = await openTestKit<typeof runbooks>();
  });
  after(() => kit?.close());

  const run = (...percents: readonly [number, ...number[]]) =>
    kit.run('clearDisk', {
      input: { host: 'web-1', path: '/var' },
      activities: {
        observeDisk: answers<DiskState>(...(percents.map(look) as [DiskState])),
        clearByRule: () => ({ files: 1, bytes: 1 }),
      },
    });

  it('reports the room that its last look found, when it came late', async () => {
    const { report } = await run(97, 90, 88, 40);
    assert.ok(report !== null && 'usedPercentAfter' in report);
    assert.deepEqual([report.outcome, report.usedPercentBefore, report.usedPercentAfter], ['cleared', 97, 40]);
  });

  it('tells people how full its last look found it', async () => {
    const { failure } = await run(97, 90, 89, 88);
    assert.match(failure ?? '', /is 88% full after old-logs \(97% before\)/);
  });
});
