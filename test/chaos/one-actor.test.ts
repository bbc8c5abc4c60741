/** One actor per target: of two groups of workers one is cut off with effects in flight, and the target knows no tokens. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { type Acted, type CutOffLab, startCutOffLab } from '../support/cut-off-lab.ts';
import { lacksNamespaces } from '../support/namespaces.ts';
import { until } from '../support/until.ts';

const CUTS = 50;
const TARGETS = 3;
/** Of a command without a bound; each of them may be the one that outlives its lease. */
const TARGETS_UNBOUNDED = 10;
const WITHIN_MS = 120_000;

/** Pairs of processes that acted on one target at the same time. */
const overlaps = (acted: readonly Acted[]): readonly (readonly [Acted, Acted])[] =>
  acted.flatMap((one, index) =>
    acted
      .slice(index + 1)
      .filter((other) => other.target === one.target && one.from <= other.to && other.from <= one.to)
      .map((other) => [one, other] as const),
  );

interface Round {
  /** Effects that went on while their worker was cut off. */
  readonly inFlight: number;
  /** Runs whose attempts all ran out of time. */
  readonly failed: number;
}

describe('one actor per target', { skip: lacksNamespaces }, () => {
  let lab: CutOffLab;
  before(async () => {
    lab = await startCutOffLab();
  });
  after(() => lab?.stop());

  /** Two runs for each target; the group that acts on the first of them is cut off. Resolves to how many effects it had in flight. */
  async function round(name: string, targets: number, bounded: boolean): Promise<Round> {
    const names = Array.from({ length: targets }, (_, index) => `${name}-${index}`);
    const runs = await Promise.all(
      names.flatMap((target) => ['a', 'b'].map((each) => lab.begin(`${target}/${each}`, target, bounded))),
    );
    const mine = () => lab.acted().filter(({ target }) => names.includes(target));
    await until(
      'all targets are acted on',
      () => new Set(mine().map(({ target }) => target)).size === targets,
      WITHIN_MS,
    );
    const [first] = mine();
    const group = lab.groups.find((each) => each.name === first?.group) ?? assert.fail('nobody acts');
    const cut = mine().filter((each) => each.group === group.name);
    group.cut();
    const cutAt = Date.now();
    try {
      await until(
        'the others act',
        () => cut.every(({ target, pid }) => mine().some((each) => each.target === target && each.pid !== pid)),
        WITHIN_MS,
      );
    } finally {
      group.mend();
    }
    // Temporal goes on handing tasks to who is cut off, until it knows; a step can lose all its attempts so, and ends its run.
    const ended = await Promise.allSettled(runs.map((run) => run.result()));
    const failed = ended.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    for (const error of failed) assert.match(inspect(error), /Activity task timed out/);
    // They acted on while nobody could reach them.
    const inFlight = mine().filter(({ pid, to }) => to > cutAt && cut.some((each) => each.pid === pid)).length;
    return { inFlight, failed: failed.length };
  }

  it(`is never two at once, in ${CUTS} cuts`, async (t) => {
    let [effects, gaveUp] = [0, 0];
    for (let number = 0; number < CUTS; number += 1) {
      const { inFlight, failed } = await round(`bounded-${number}`, TARGETS, true);
      assert.ok(inFlight > 0, `cut ${number} found no effect in flight`);
      assert.deepEqual(overlaps(lab.acted()), []);
      effects += inFlight;
      gaveUp += failed;
    }
    t.diagnostic(
      `${CUTS} cuts with ${effects} effects in flight, ${lab.acted().length} processes on targets, none beside another; ${gaveUp} runs lost all attempts`,
    );
  });

  it('is seen to be two where the command has no bound, so that the record can tell', async (t) => {
    await round('unbounded', TARGETS_UNBOUNDED, false);
    const found = overlaps(lab.acted());
    t.diagnostic(`${found.length} overlaps`);
    assert.ok(found.length > 0);
    assert.ok(found.every(([one]) => one.target.startsWith('unbounded')));
  });
});
