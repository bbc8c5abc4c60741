import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { ELSEWHERE, STORIES, allPlaces, failpointCases, IN_TROUBLE } from '../support/failpoint-cases.ts';
import { startFailpointLab } from '../support/failpoint-lab.ts';

const lab = await startFailpointLab();
after(() => lab.stop());

const places = allPlaces(lab);
const writes = failpointCases(lab, 'writes');
const cases = [...writes, ...failpointCases(lab, 'reads')];

describe('failpoints where something is written', { concurrency: 5 }, () => {
  for (const [name, story] of Object.entries(STORIES))
    it(`${name}: calls every place that has its cases in it, and none that is named as used elsewhere`, async () => {
      const calls = await lab.tell(story, `trace-${name}`);
      const missed = cases.filter((each) => each.story === name && !calls.has(each.at)).map(({ at }) => at);
      const excused = [...calls].filter((place) => place in ELSEWHERE);
      assert.deepEqual({ missed, excused }, { missed: [], excused: [] });
    });

  it('whatever is named is a place of some port', () => {
    const named = [...Object.keys(ELSEWHERE), ...IN_TROUBLE];
    assert.deepEqual(
      named.filter((place) => !places.includes(place)),
      [],
    );
  });

  for (const { at, fault, story, region } of writes)
    it(`${at}, ${fault}`, async () => {
      await lab.tell(STORIES[story], region, { at, fault });
    });
});
