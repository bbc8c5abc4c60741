import { after, describe, it } from 'node:test';
import { STORIES, failpointCases } from '../support/failpoint-cases.ts';
import { startFailpointLab } from '../support/failpoint-lab.ts';

const lab = await startFailpointLab();
after(() => lab.stop());

describe('failpoints where something is only read', { concurrency: 5 }, () => {
  for (const { at, fault, story, region } of failpointCases(lab, 'reads'))
    it(`${at}, ${fault}`, async () => {
      await lab.tell(STORIES[story], region, { at, fault });
    });
});
