import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forRun } from '../../triggers/events/for-run.ts';
import { LIMIT_ID_PREFIX } from '../../workflows/engine/limit-protocol.ts';

describe('the run an event names', () => {
  const rows: readonly (readonly [named: unknown, expected: string | null, why: string])[] = [
    ['restart-service/am:x#1~ab', 'restart-service/am:x#1~ab', 'a run'],
    [undefined, null, 'most events name none'],
    ['', null, 'an empty name'],
    [7, null, 'no text'],
    ['x'.repeat(1_001), null, 'longer than a workflow id'],
    [`${LIMIT_ID_PREFIX}per-service/web`, null, 'a limit is no run'],
    ['schedule/nightly', null, 'a schedule is no run'],
  ];
  for (const [forrun, expected, why] of rows)
    it(why, () =>
      assert.equal(forRun({ type: 'x', ...(forrun === undefined ? {} : { forrun }) } as { type: string }), expected),
    );
});
