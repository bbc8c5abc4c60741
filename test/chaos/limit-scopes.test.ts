/** What a limit is counted by, its cool-down and its leases, on a real Temporal; and what operators see of all that in its UI. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { type LimitUse, limit } from '../../workflows/kit/limit-use.ts';
import { limitDefinition as define } from '../support/limit-definition.ts';
import { type LimitLab, mostAtOnce, reset, startLimitLab } from '../support/limit-lab.ts';
import { until } from '../support/until.ts';

const COOL_DOWN_MS = 3_000;
/** A limit looks at its clock when it wakes. */
const WAKES_WITHIN_MS = 5_000;

let lab: LimitLab;
before(async () => {
  lab = await startLimitLab([
    define('per-service', { scope: 'service' }),
    define('per-region', { scope: 'region' }),
    define('per-fleet', { scope: 'fleet' }),
    define('per-rack', { scope: 'label:rack' }),
    define('cool', { coolDownMs: COOL_DOWN_MS }),
    define('one'),
  ]);
  await lab.startWorker();
});
after(() => lab?.stop());

const of = (...names: string[]) => lab.effects().filter(({ name }) => names.includes(name));
const begun = (name: string): Promise<unknown> =>
  until(`${name} begins`, () => of(name).some(({ what }) => what === 'begin'));
const waiting = (id: string): Promise<unknown> =>
  until(`one waits for ${id}`, async () => (await lab.state(id)).state.queue.length === 1);
const holderOf = async (id: string) => (await lab.state(id)).state.leases[0] ?? assert.fail(`nobody holds ${id}`);
const details = async (workflowId: string): Promise<string> =>
  (await lab.client.workflow.getHandle(workflowId).query<{ currentDetails: string }>('__temporal_workflow_metadata'))
    .currentDetails;

interface Scope {
  readonly scope: string;
  /** Under the same count, and under another; null: there is no other. */
  readonly same: LimitUse;
  readonly other: LimitUse | null;
  readonly id: string;
}

const SCOPES: readonly Scope[] = [
  { scope: 'service', same: 'per-service', other: limit('per-service', 'search'), id: 'limit/per-service/checkout' },
  { scope: 'region', same: 'per-region', other: limit('per-region', 'us'), id: 'limit/per-region/eu' },
  { scope: 'label', same: limit('per-rack', 'r1'), other: limit('per-rack', 'r2'), id: 'limit/per-rack/r1' },
  { scope: 'fleet', same: 'per-fleet', other: null, id: 'limit/per-fleet/all' },
];

describe('scopes of limits', () => {
  for (const { scope, same, other, id } of SCOPES)
    it(`${scope}: one at a time within it, whoever is beside it acts`, async () => {
      const [holds, waits, beside] = ['holds', 'waits', 'beside'].map((name) => `${scope} ${name}`) as [
        string,
        string,
        string,
      ];
      const first = await lab.begin('limited', holds, { limits: [same], gate: scope });
      await begun(holds);
      const second = await lab.begin('limited', waits, { limits: [same] });
      await waiting(id);
      if (other !== null) await (await lab.begin('limited', beside, { limits: [other] })).result();
      assert.deepEqual([of(waits).length, of(beside).length], [0, other === null ? 0 : 2]);
      lab.openGate(scope);
      await Promise.all([first.result(), second.result()]);
      assert.equal(mostAtOnce(of(holds, waits)), 1);
    });

  it('a cool-down lies between the end of a step and the next', async () => {
    const first = await lab.begin('limited', 'warm', { limits: [limit('cool', 'x')] });
    await first.result();
    const second = await lab.begin('limited', 'cooled', { limits: [limit('cool', 'x')] });
    await second.result();
    const [ended, next] = [await effectTimes(first), await effectTimes(second)];
    assert.ok(next.scheduled - ended.completed >= COOL_DOWN_MS, `${next.scheduled - ended.completed} ms`);
  });

  it('the details say who holds and who waits, and for what', async () => {
    const id = 'limit/one/seen';
    const first = await lab.begin('limited', 'is-seen', { limits: [limit('one', 'seen')], gate: 'seen' });
    await begun('is-seen');
    const second = await lab.begin('limited', 'is-seen-waiting', { limits: [limit('one', 'seen')] });
    await waiting(id);
    assert.match(await details(id), /is-seen[\s\S]*is-seen-waiting/);
    await until('the run says for what it waits', async () =>
      (await details('is-seen-waiting')).includes('waits for limit one (target=seen)'),
    );
    lab.openGate('seen');
    await Promise.all([first.result(), second.result()]);
  });
});

describe('leases of limits', () => {
  it('whoever was killed with every worker holds no longer than its lease', async () => {
    const id = 'limit/one/killed';
    const first = await lab.begin('limited', 'killed', { limits: [limit('one', 'killed')], gate: 'killed' });
    await begun('killed');
    const second = await lab.begin('limited', 'after-killed', { limits: [limit('one', 'killed')] });
    await waiting(id);
    const { until: end } = await holderOf(id);
    await lab.kill();
    await first.terminate('nobody is left to give it back');
    await lab.startWorker();
    await second.result();
    assert.ok((await effectTimes(second)).scheduled <= end + WAKES_WITHIN_MS);
    assert.equal(of('killed').filter(({ what }) => what === 'end').length, 0);
  });

  it('whoever was reset holds no longer than its lease', async () => {
    const id = 'limit/one/reset';
    const handle = await lab.begin('limited', 'reset', { limits: [limit('one', 'reset')], gate: 'reset' });
    await begun('reset');
    const { until: end } = await holderOf(id);
    const next = await reset(lab.client, handle, 0);
    await until('the new run holds', async () => (await holderOf(id)).runId === next, 120_000);
    lab.openGate('reset');
    const again = lab.client.workflow.getHandle('reset', next);
    await again.result();
    assert.ok((await effectTimes(again)).scheduled <= end + WAKES_WITHIN_MS);
  });
});

/** When the effect of a run was given to a worker at first, and when it was done, ms since 1970 by the server's clock. */
async function effectTimes(
  handle: WorkflowHandle,
): Promise<{ readonly scheduled: number; readonly completed: number }> {
  const { events } = await handle.fetchHistory();
  const msOf = (isIt: (event: NonNullable<typeof events>[number]) => boolean): number => {
    const { seconds, nanos } = (events ?? []).find(isIt)?.eventTime ?? assert.fail('there is no such event');
    return Number(seconds) * 1_000 + Math.floor((nanos ?? 0) / 1_000_000);
  };
  const isEffect = (type: string | null | undefined): boolean => type === 'effect';
  return {
    scheduled: msOf((event) => isEffect(event.activityTaskScheduledEventAttributes?.activityType?.name)),
    completed: msOf((event) => Boolean(event.activityTaskCompletedEventAttributes)),
  };
}
