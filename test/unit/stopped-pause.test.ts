import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stoppedPauseMs } from '../../workflows/kit/stopped-pause.ts';

const DAY_MS = 86_400_000;

describe('pause of a stopped step', () => {
  it('doubles from 30 seconds to 5 minutes', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 99].map((pauses) => stoppedPauseMs(pauses, 200) / 1_000),
      [30, 60, 120, 240, 300, 300],
    );
  });

  it('lets a hundred parts stand for two months within the history of one run', () => {
    let [ms, events] = [0, 1_000];
    // A try that is refused: the activity (3), its timer (2), its share of the workflow tasks.
    for (let pauses = 0; ms < 60 * DAY_MS; pauses += 1) {
      ms += stoppedPauseMs(pauses, events);
      events += 100 * 6;
    }
    assert.ok(events < 51_200, `${events} events`);
  });
});
